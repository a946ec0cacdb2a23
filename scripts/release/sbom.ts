/**
 * The bill of materials (CycloneDX 1.6) of the bundle: its files, every package with at least one byte in them, and no other. The source is esbuild's own account of what it
 * wrote, not the lock file: what a bundler dropped cannot be attacked, and what it put in must be named.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import * as z from 'zod';
import type { PackageFacts } from './versions.ts';

/** What is read of esbuild's metafile. */
export const metafileSchema = z.object({
  outputs: z.record(z.string(), z.object({ inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })) })),
});
export type Metafile = z.output<typeof metafileSchema>;

export interface SbomInput {
  /** Where node_modules and package-lock.json are. */
  readonly root: string;
  readonly metafile: Metafile;
  readonly facts: PackageFacts;
  /** As `scriptsIn` has them. */
  readonly files: ReadonlyMap<string, string>;
  readonly created: Date;
}

const installedSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });
const lockSchema = z.object({ packages: z.record(z.string(), z.object({ integrity: z.string().optional() })) });

/** Where each package of the bundle is installed, as `node_modules/a` or `node_modules/a/node_modules/b`; sorted. */
export function packagesIn(metafile: Metafile): readonly string[] {
  const found = new Set<string>();
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const place = /^(?:[\w-]+:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      if (place !== undefined && bytesInOutput > 0) found.add(place);
    }
  return [...found].sort();
}

/** The document as JSON text. @throws ZodError where an installed package does not say its name, version and license. */
export async function sbom({ root, metafile, facts, files, created }: SbomInput): Promise<string> {
  const lock = lockSchema.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  const main = new Models.Component(Enums.ComponentType.Application, facts.name, {
    version: facts.version,
    bomRef: purl(facts.name, facts.version),
    purl: purl(facts.name, facts.version),
    description: facts.description,
    licenses: new Models.LicenseRepository([new Models.LicenseExpression(facts.license)]),
  });
  for (const [path, sha256] of files)
    main.components.add(
      new Models.Component(Enums.ComponentType.File, path, {
        bomRef: path,
        hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256]]),
      }),
    );
  const bom = new Models.Bom({
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify([...files]))}`,
    metadata: new Models.Metadata({
      component: main,
      timestamp: created,
      lifecycles: new Models.LifecycleRepository([Enums.LifecyclePhase.Build]),
    }),
  });
  for (const place of packagesIn(metafile)) {
    const { name, version, license } = installedSchema.parse(
      JSON.parse(await readFile(join(root, place, 'package.json'), 'utf8')),
    );
    const [group, short] = name.startsWith('@') ? name.split('/') : [undefined, name];
    const component = new Models.Component(Enums.ComponentType.Library, short ?? name, {
      ...(group === undefined ? {} : { group }),
      version,
      bomRef: purl(name, version),
      purl: purl(name, version),
      scope: Enums.ComponentScope.Required,
      licenses: new Models.LicenseRepository([new Models.LicenseExpression(license)]),
      hashes: new Models.HashDictionary(hashesOf(lock.packages[place]?.integrity)),
    });
    bom.components.add(component);
    main.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

const purl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** Of the archive that the registry serves: npm checks it at every install. */
function hashesOf(integrity: string | undefined): [Enums.HashAlgorithm, string][] {
  const [, base64] = /^sha512-(.*)$/.exec(integrity ?? '') ?? [];
  return base64 === undefined ? [] : [[Enums.HashAlgorithm['SHA-512'], Buffer.from(base64, 'base64').toString('hex')]];
}

/** The same for the same bundle (RFC 9562, version 8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}
