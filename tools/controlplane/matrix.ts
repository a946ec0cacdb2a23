/**
 * The kube-apiservers of `npm run test:matrix`: each minor version that upstream supports, and the oldest that the chart accepts. Each is built from a Go module of
 * its own in matrix/, whose go.sum pins everything; etcd and kubectl are those of every other test.
 */
import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.ts';
import { buildPrograms, hasGo, run } from '../build.ts';
import { cacheOf, cacheRoot } from '../cache.ts';
import { withLock } from '../lock.ts';
import { platformName } from '../platform.ts';
import type { Progress } from '../progress.ts';
import { ProvisionError } from '../provision-error.ts';
import { BUILT_VERSION, GO_PACKAGES, PROGRAMS, type Programs } from './versions.ts';

export interface MatrixVersion {
  /** As `v1.37.2`. */
  readonly version: string;
  readonly why: string;
}

/** Newest first. The one that every other test uses is among them and needs no build of its own. */
export const matrix: readonly MatrixVersion[] = [
  { version: 'v1.37.2', why: 'newest' },
  { version: BUILT_VERSION, why: 'supported upstream; every other test runs on it' },
  { version: 'v1.35.4', why: 'oldest that upstream supports' },
  { version: 'v1.30.14', why: 'oldest that the chart accepts' },
];

export const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');
export const moduleOf = (version: string): string =>
  fileURLToPath(new URL(`matrix/${minorOf(version)}`, import.meta.url));

const cache = cacheOf(PROGRAMS, (dir) => dir);
const entryOf = (version: string): string => join(cacheRoot('matrix', process.env), `${version}-${platformName()}`);

/** The directory with all three programs, for KUBEBUILDER_ASSETS; undefined where it was not built yet. */
export const built = (version: string): Promise<string | undefined> => cache.findEntry(entryOf(version));

/** The same, built where it is not there. @throws ProvisionError, the aborted signal's reason. */
export async function assetsOf(
  version: string,
  common: Programs,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const entry = entryOf(version);
  const fill = async (dir: string): Promise<void> => {
    if (version === BUILT_VERSION) await copyFile(common['kube-apiserver'], join(dir, 'kube-apiserver'));
    else {
      if (!(await hasGo(run, signal)))
        throw new ProvisionError('There is no Go to build a kube-apiserver with: install Go 1.26 or newer.');
      const packages = { 'kube-apiserver': GO_PACKAGES['kube-apiserver'] };
      const linked = `-X k8s.io/component-base/version.gitVersion=${version}`;
      await buildPrograms({ module: moduleOf(version), packages, version: linked }, run, dir, progress, signal);
    }
    for (const name of ['etcd', 'kubectl'] as const) await symlink(common[name], join(dir, name));
  };
  const onWait = () => progress.note(`waiting for another process that is building kube-apiserver ${version}`);
  return await withLock(
    `${entry}.lock`,
    { clock: systemClock, onWait },
    async () => (await cache.findEntry(entry)) ?? (await cache.addEntry(entry, { version, source: 'build' }, fill)),
    signal,
  );
}
