/** The controller-runtime peer, built with the machine's Go into the project's cache: minutes once, and again only when its source changes. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { buildPrograms, hasGo, run } from '../tools/build.ts';
import { cacheOf, cacheRoot } from '../tools/cache.ts';
import { withLock } from '../tools/lock.ts';
import { platformName } from '../tools/platform.ts';
import type { Progress } from '../tools/progress.ts';

const program = 'controller-runtime-peer';
const module = fileURLToPath(new URL('./peers/controller-runtime', import.meta.url));

/** Where the peer's program is. @throws Error that names what is missing */
export async function goPeer(progress: Progress, signal: AbortSignal): Promise<string> {
  const root = cacheRoot('bench', process.env);
  const version = await fingerprint();
  const entry = join(root, `${program}-${version}-${platformName()}`);
  const cache = cacheOf([program], (dir) => join(dir, program));
  const found = await cache.findEntry(entry);
  if (found !== undefined) return found;
  if (!(await hasGo(run, signal)))
    throw new Error('--vs go builds a peer with Go: install Go 1.26 or newer (https://go.dev/dl).');
  return await withLock(
    `${entry}.lock`,
    { clock: systemClock, onWait: () => progress.note('waiting for another process that is building the peer') },
    async () =>
      (await cache.findEntry(entry)) ??
      (await cache.addEntry(entry, { version, source: 'build' }, (dir) =>
        buildPrograms({ module, packages: { [program]: '.' }, version: '' }, run, dir, progress, signal),
      )),
    signal,
  );
}

export async function goVersion(signal: AbortSignal): Promise<string> {
  const { output } = await run('go', ['version'], module, signal);
  return /go[\d.]+/.exec(output)?.[0] ?? 'unknown';
}

/** The release of controller-runtime that go.mod pins. */
export async function peerVersion(): Promise<string> {
  return /controller-runtime (v[\d.]+)/.exec(await readFile(join(module, 'go.mod'), 'utf8'))?.[1] ?? 'unknown';
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(module)).sort()) hash.update(name).update(await readFile(join(module, name)));
  return hash.digest('hex').slice(0, 12);
}
