/**
 * `node scripts/release.ts build` makes a release in dist/release; `node scripts/release.ts publish` pushes image and chart and signs everything. Nothing is published by
 * `build`, and `publish` takes nothing but what was built. The workflow of a tag runs both; `npm run test:release` proves both on loopback.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { findTool } from '../tools/helm/provision.ts';
import { createProgress } from '../tools/progress.ts';
import { releaseProgram } from '../tools/release/programs.ts';
import { buildRelease } from './release/build-release.ts';
import { baseOf } from './release/dockerfile.ts';
import type { Platform } from './release/image.ts';
import { publishRelease } from './release/publish.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const usage = `node scripts/release.ts build --registry=registry.example.com/acme [--base=registry/node:24-slim@sha256:…] [--platform=linux/amd64,linux/arm64]
                              [--tag=v1.2.3] [--source=https://…] [--builder=https://…] [--allow-dirty]
node scripts/release.ts publish (--keyless | --key=cosign.key)
Both take --out (dist/release).`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: `${root}dist/release` },
    registry: { type: 'string' },
    base: { type: 'string' },
    platform: { type: 'string', default: 'linux/amd64,linux/arm64' },
    tag: { type: 'string' },
    source: { type: 'string' },
    builder: { type: 'string', default: 'urn:acronis-upsell-operator:local' },
    'allow-dirty': { type: 'boolean', default: false },
    keyless: { type: 'boolean', default: false },
    key: { type: 'string' },
  },
});

const progress = createProgress();
const { signal } = new AbortController();
const [command] = positionals;

try {
  if (command === 'build') await build();
  else if (command === 'publish') await publish();
  else throw new Error(usage);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function build(): Promise<void> {
  const { registry, out, tag, source, builder } = values;
  if (registry === undefined || registry === '')
    throw new Error(`Where the image and the chart will be is written into them: give --registry.\n${usage}`);
  const git = async (...args: readonly string[]) => (await execa('git', args, { cwd: root })).stdout.trim();
  const changed = await git('status', '--porcelain');
  if (changed !== '' && !values['allow-dirty'])
    throw new Error(`A release is made of a commit, and these files are none of it:\n${changed}`);
  const programs = {
    crane: await releaseProgram('crane', progress, signal),
    helm: (await findTool('helm', { progress }, signal)).path,
  };
  const created = new Date(
    Number(process.env['SOURCE_DATE_EPOCH'] || (await git('log', '-1', '--format=%ct'))) * 1_000,
  );
  const base = values.base ?? baseOf(await readFile(join(root, 'Dockerfile'), 'utf8'));
  const platforms = values.platform.split(',').map(platformOf);
  const commit = await git('rev-parse', 'HEAD');
  const release = await buildRelease(
    { root, out, registry, base, platforms, tag, commit, created, source, builder, programs },
    progress,
  );
  console.log(`${release.image.repository}@${release.image.digest}`);
}

async function publish(): Promise<void> {
  const { out, key, keyless } = values;
  if (keyless === (key !== undefined)) throw new Error(`Say how it is signed: --keyless or --key.\n${usage}`);
  const programs = {
    crane: await releaseProgram('crane', progress, signal),
    cosign: await releaseProgram('cosign', progress, signal),
    helm: (await findTool('helm', { progress }, signal)).path,
  };
  const signer = key === undefined ? ({ kind: 'identity' } as const) : ({ kind: 'key', file: key } as const);
  const { image, chart } = await publishRelease({ out, programs, signer, plainHttp: false }, progress);
  console.log(`${image}\noci://${chart}`);
}

function platformOf(text: string): Platform {
  const [os = '', architecture = ''] = text.split('/');
  if (os === '' || architecture === '') throw new Error(`${text} is no platform: write one as linux/arm64.`);
  return { os, architecture };
}
