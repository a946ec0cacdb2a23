/** The bill of materials is valid by CycloneDX's own schema, and the same for the same bundle. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { sbom } from '../../../scripts/release/sbom.ts';
import { readPackage } from '../../../scripts/release/versions.ts';

const root = join(import.meta.dirname, '../../..');
const schemas = join(
  dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')),
  'res/schema',
);
const schema = async (name: string) =>
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(await readFile(join(schemas, `${name}.SNAPSHOT.schema.json`), 'utf8')));

const made = async (sha256: string) =>
  sbom({
    root,
    metafile: {
      outputs: {
        'main.js': {
          inputs: {
            'node_modules/commander/index.js': { bytesInOutput: 1 },
            'node_modules/@opentelemetry/api/build/esm/index.js': { bytesInOutput: 1 },
          },
        },
      },
    },
    facts: await readPackage(root),
    files: new Map([
      ['chunks/A.js', 'b'.repeat(64)],
      ['main.js', sha256],
    ]),
    created: new Date('2026-01-01T00:00:00Z'),
  });

it("is what CycloneDX's schema asks for, with licenses and the checksums of the lock file", async () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  // They name each other by the files' names.
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
    ajv.addSchema({ ...(await schema(name)), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` });
  const validate = ajv.compile(await schema('bom-1.6'));
  const document = z
    .object({ components: z.array(z.looseObject({ name: z.string() })) })
    .loose()
    .parse(JSON.parse(await made('a'.repeat(64))));
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  expect(document.components.map(({ name }) => name)).toEqual(['api', 'commander']);
  expect(document.components[1]).toMatchObject({
    purl: expect.stringMatching(/^pkg:npm\/commander@\d/),
    licenses: [{ expression: 'MIT' }],
    hashes: [{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) }],
  });
  expect(validate({ ...document, specVersion: 7 })).toBe(false);
});

it('is the same for the same bundle, and has another serial number for another one', async () => {
  expect(await made('a'.repeat(64))).toBe(await made('a'.repeat(64)));
  expect(await made('a'.repeat(64))).not.toBe(await made('b'.repeat(64)));
});
