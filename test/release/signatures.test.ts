/** The commands of docs/guide/verify.md, on the release as it is and on one in which a byte differs. */
import { chmod, cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { runBlock, shellBlocks } from '../support/blocks.ts';
import { pulled, temporary } from './pulled.ts';
import { sourcesIn } from './sources.ts';
import { architectures, root } from './stage.ts';

const { programs, release, published, out, keys, host, base } = inject('release');

const blocks = (word: '' | 'files' | 'schemas') => shellBlocks(join(root, 'docs/guide/verify.md'), word);

/** Runs a block as a person would who has the programs, with a key in place of the workflow's identity. */
async function run(block: string, cwd: string, key = join(keys, 'cosign.pub')) {
  const bin = join(await temporary(), 'bin');
  await mkdir(bin);
  for (const name of ['cosign', 'kubeconform'] as const) await symlink(programs[name], join(bin, name));
  // The registry is on loopback and has no TLS, which helm must be told.
  await writeFile(join(bin, 'helm'), `#!/bin/sh\nexec ${programs.helm} "$@" --plain-http\n`);
  await chmod(join(bin, 'helm'), 0o755);
  return await runBlock(block, {
    cwd,
    env: {
      PATH: [bin, process.env['PATH']].join(delimiter),
      HOME: cwd,
      VERSION: release.version,
      REGISTRY: `${host}/acme`,
      IMAGE: `${host}/acme/acronis-upsell-operator:${release.version}`,
      SIGNER: `--key=${key} --insecure-ignore-tlog=true`,
    },
  });
}

async function downloads(): Promise<string> {
  const dir = join(await temporary(), 'downloads');
  await cp(join(out, 'assets'), dir, { recursive: true });
  return dir;
}

/** Another byte in the middle of the file. */
async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

describe('the commands of the page', () => {
  it('verify the image, its statements and the chart', async () => {
    const texts = await blocks('');
    expect(texts.length).toBeGreaterThanOrEqual(3);
    const dir = await temporary();
    for (const text of texts) {
      const { exitCode, said } = await run(text, dir);
      expect(exitCode, `${text}\n${said}`).toBe(0);
    }
    expect((await readdir(dir)).toSorted()).toContain(`acronis-upsell-operator-${release.version}.tgz`);
  });

  it('verify the files', async () => {
    const dir = await downloads();
    for (const text of await blocks('files')) {
      const { exitCode, said } = await run(text, dir);
      expect(exitCode, `${text}\n${said}`).toBe(0);
    }
  });

  it('check objects with the schemas', async () => {
    const dir = await downloads();
    await cp(join(root, 'deploy/samples/buyer.yaml'), join(dir, 'objects.yaml'));
    for (const text of await blocks('schemas')) {
      const { exitCode, said } = await run(text, dir);
      expect(exitCode, said).toBe(0);
    }
  });
});

describe('a byte that differs', () => {
  it('in any file is found, and the file is named', async () => {
    const [check = ''] = await blocks('files');
    const files = (await readdir(join(out, 'assets'))).filter((name) => !/^SHA256SUMS|sigstore/.test(name));
    expect(files).toContain('install.yaml');
    for (const file of files) {
      const dir = await downloads();
      await flip(join(dir, file));
      const { exitCode, said } = await run(check, dir);
      expect(exitCode, file).not.toBe(0);
      expect(said).toContain(`${file}: FAILED`);
    }
  });

  it.each(['SHA256SUMS', 'SHA256SUMS.sigstore.json'])('in %s is found', async (file) => {
    const [check = ''] = await blocks('files');
    const dir = await downloads();
    await flip(join(dir, file));
    expect((await run(check, dir)).exitCode).not.toBe(0);
  });

  it.each(['install.yaml', 'provenance.sigstore.json'])('in %s is found by the statement alone', async (file) => {
    const [, check = ''] = await blocks('files');
    const dir = await downloads();
    await flip(join(dir, file));
    expect((await run(check, dir)).exitCode).not.toBe(0);
  });

  it('in the image makes it another one, which nobody signed', async () => {
    const changed = `${host}/acme/acronis-upsell-operator:changed`;
    const [architecture = ''] = architectures;
    const one = `--platform=linux/${architecture}`;
    await execa(programs.crane, ['mutate', published.image, one, '--label=one=byte', `--tag=${changed}`]);
    const { exitCode, said } = await run(`cosign verify $SIGNER ${changed}`, await temporary());
    expect(exitCode).not.toBe(0);
    expect(said).toMatch(/no signatures found/);
  });
});

it("somebody else's key signs nothing here", async () => {
  const dir = await temporary();
  await execa(programs.cosign, ['generate-key-pair'], { cwd: dir, env: { COSIGN_PASSWORD: '' }, stdin: 'ignore' });
  for (const text of await blocks('')) {
    if (!text.includes('cosign')) continue;
    expect((await run(text, dir, join(dir, 'cosign.pub'))).exitCode, text).not.toBe(0);
  }
});

it('the provenance names the commit, the base by its digest, and the lock file', async () => {
  const dir = await temporary();
  const { exitCode, said } = await run('cosign verify-attestation $SIGNER --type slsaprovenance1 "$IMAGE" > out', dir);
  expect(exitCode, said).toBe(0);
  // A line for each time that it was published.
  const [first = ''] = (await readFile(join(dir, 'out'), 'utf8')).split('\n');
  const { payload } = z.object({ payload: z.string() }).parse(JSON.parse(first));
  const statement = z
    .object({
      subject: z.array(z.object({ digest: z.object({ sha256: z.string() }) })),
      predicate: z.object({
        buildDefinition: z.object({
          resolvedDependencies: z.array(z.object({ uri: z.string(), digest: z.record(z.string(), z.string()) })),
        }),
      }),
    })
    .parse(JSON.parse(Buffer.from(payload, 'base64').toString()));
  expect(statement.subject.map(({ digest }) => `sha256:${digest.sha256}`)).toEqual([release.image.digest]);
  const of = new Map(
    statement.predicate.buildDefinition.resolvedDependencies.map(({ uri, digest }) => [uri, digest] as const),
  );
  expect(of.get('git')).toEqual({ gitCommit: release.commit });
  const { stdout } = await execa(programs.crane, ['digest', base]);
  expect(of.get(`oci:${base}`)).toEqual({ sha256: stdout.trim().replace('sha256:', '') });
  expect(of.get('file:package-lock.json')?.['sha256']).toMatch(/^[0-9a-f]{64}$/);
});

it('the image bears no path of the machine that built it', async () => {
  const files = await pulled(process.arch === 'arm64' ? 'arm64' : 'amd64');
  const sources = await sourcesIn(join(files, 'app'));
  expect(sources).toContain('src/main.ts');
  expect(sources.filter((source) => /^\.\.|^\//.test(source))).toEqual([]);
});
