/**
 * Finds a real control plane on any machine, the nearest first: KUBEBUILDER_ASSETS, the project's cache, the official archive, a Go build.
 * A source that fails is reported in one line, and the next is tried. Only a KUBEBUILDER_ASSETS that is set and wrong stops immediately:
 * it means those binaries and no others.
 */
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { buildPrograms, hasGo, type Run, run } from '../build.ts';
import { cacheRoot, missingFrom } from '../cache.ts';
import { withLock } from '../lock.ts';
import { onPath } from '../on-path.ts';
import { platformName } from '../platform.ts';
import { createProgress, type Progress } from '../progress.ts';
import { messageOf, ProvisionError } from '../provision-error.ts';
import { downloadPrograms, OFFICIAL_RELEASES } from './download.ts';
import { addEntry, controlPlane, findEntry, programsIn } from './programs.ts';
import { BUILT_VERSION, ENVTEST_SHA512, ENVTEST_VERSION, PROGRAMS, type Programs } from './versions.ts';

export interface Provisioned extends Programs {
  readonly source: 'KUBEBUILDER_ASSETS' | 'cache' | 'download' | 'build';
}

/** All that the search touches; each with the real thing as its default. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly fetch: typeof fetch;
  readonly run: Run;
  readonly releases: string;
  readonly sha512: Readonly<Record<string, string>>;
  readonly connectMs: number;
  readonly progress: Progress;
  readonly clock: Clock;
}

const HOW_TO_HELP = `install Go 1.26 or newer (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a directory that has ${PROGRAMS.join(', ')}`;

/** @throws ProvisionError, the aborted signal's reason when `signal` ends it. */
export async function provision(given: Partial<Surroundings>, signal: AbortSignal): Promise<Provisioned> {
  const env = given.env ?? process.env;
  const here: Surroundings = {
    env,
    platform: platformName(),
    fetch,
    run,
    // A mirror will do: what comes from it is checked against the pinned checksum.
    releases: env['ENVTEST_RELEASES'] || OFFICIAL_RELEASES,
    sha512: ENVTEST_SHA512,
    connectMs: 5_000,
    progress: given.progress ?? createProgress(),
    clock: systemClock,
    ...given,
  };
  const assets = here.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '')
    return { ...(await fromAssets(assets, here.env)), source: 'KUBEBUILDER_ASSETS' };

  const root = cacheRoot('controlplane', here.env);
  const built = join(root, `${BUILT_VERSION}-${here.platform}`);
  const downloaded = join(root, `${ENVTEST_VERSION}-${here.platform}`);
  const fromCache = async (): Promise<Provisioned | undefined> => {
    const programs = (await findEntry(built)) ?? (await findEntry(downloaded));
    return programs === undefined ? undefined : { ...programs, source: 'cache' };
  };
  const found = await fromCache();
  if (found !== undefined) return found;

  const onWait = (): void => here.progress.note('waiting for another process that is fetching the control plane');
  return await withLock(
    join(root, `${here.platform}.lock`),
    { clock: here.clock, onWait },
    // The process that held the lock before may have done it all.
    async () => (await fromCache()) ?? (await download(here, downloaded, signal)) ?? (await build(here, built, signal)),
    signal,
  );
}

async function fromAssets(dir: string, env: Surroundings['env']): Promise<Programs> {
  const missing = await missingFrom(dir, PROGRAMS);
  const programs = programsIn(dir);
  if (missing.length === 0) return programs;
  const kubectl = missing.includes('kubectl') ? await onPath('kubectl', env) : programs.kubectl;
  if (missing.every((name) => name === 'kubectl') && kubectl !== undefined) return { ...programs, kubectl };
  throw new ProvisionError(
    `KUBEBUILDER_ASSETS is ${dir}, but there is no ${missing.join(', ')} in it: ` +
      `point it at a directory that has ${PROGRAMS.join(', ')}, or unset it and they will be found or built.`,
  );
}

async function download(here: Surroundings, entry: string, signal: AbortSignal): Promise<Provisioned | undefined> {
  const sha512 = here.sha512[here.platform];
  if (sha512 === undefined) {
    here.progress.note(`There is no official control plane archive for ${here.platform}; building it instead.`);
    return undefined;
  }
  const archive = {
    releases: here.releases,
    platform: here.platform,
    sha512,
    fetch: here.fetch,
    connectMs: here.connectMs,
    idleMs: 20_000,
  };
  try {
    const programs = await here.progress.step(
      `downloading Kubernetes ${ENVTEST_VERSION} (kube-apiserver, etcd, kubectl)`,
      (say) =>
        addEntry(entry, { version: ENVTEST_VERSION, source: 'download' }, (dir) =>
          downloadPrograms(archive, dir, say, signal),
        ),
    );
    return { ...programs, source: 'download' };
  } catch (error) {
    signal.throwIfAborted();
    here.progress.note(`The download failed: ${messageOf(error)}. Building it with Go instead.`);
    return undefined;
  }
}

async function build(here: Surroundings, entry: string, signal: AbortSignal): Promise<Provisioned> {
  if (!(await hasGo(here.run, signal))) {
    throw new ProvisionError(
      `No control plane could be downloaded, and there is no Go to build one with: ${HOW_TO_HELP}.`,
    );
  }
  try {
    const marker = { version: BUILT_VERSION, source: 'build' } as const;
    const programs = await addEntry(entry, marker, (dir) =>
      buildPrograms(controlPlane, here.run, dir, here.progress, signal),
    );
    return { ...programs, source: 'build' };
  } catch (error) {
    signal.throwIfAborted();
    throw new ProvisionError(`The build failed: ${messageOf(error)}. To go on, ${HOW_TO_HELP}.`, { cause: error });
  }
}
