/** A machine with nothing on it: an empty home, no network, no Go. A test gives it what it wants to see used. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tar from 'tar';
import { onTestFinished } from 'vitest';
import type { Run } from '../../../../tools/build.ts';
import type { Surroundings } from '../../../../tools/controlplane/provision.ts';
import { PROGRAMS } from '../../../../tools/controlplane/versions.ts';
import { plainProgress } from '../../../../tools/progress.ts';

export async function temporaryDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'provision-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function putPrograms(
  dir: string,
  names: readonly string[] = PROGRAMS,
  content = 'a program',
): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of names) {
    await writeFile(join(dir, name), content);
    await chmod(join(dir, name), 0o755);
  }
}

export interface FreshMachine {
  readonly home: string;
  /** Every line that was shown. */
  readonly shown: string[];
  readonly surroundings: Partial<Surroundings>;
}

export async function freshMachine(changes: Partial<Surroundings> = {}): Promise<FreshMachine> {
  const home = await temporaryDirectory();
  const shown: string[] = [];
  const surroundings: Partial<Surroundings> = {
    env: { HOME: home, PATH: '' },
    platform: 'linux-amd64',
    fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND') })),
    run: () => Promise.resolve({ exitCode: 'missing', output: '' }),
    progress: plainProgress({ write: (text) => shown.push(text.trimEnd()) }),
    ...changes,
  };
  return { home, shown, surroundings };
}

/** A Go that builds: it puts a program where `-o` says. */
export function workingGo(): { readonly run: Run; readonly built: string[] } {
  const built: string[] = [];
  const run: Run = async (_file, args) => {
    if (args[0] === 'build') {
      const output = args[args.indexOf('-o') + 1] ?? '';
      await putPrograms(dirname(output), [output.slice(dirname(output).length + 1)], 'built');
      built.push(args.at(-1) ?? '');
    }
    return { exitCode: 0, output: '' };
  };
  return { run, built };
}

/** An archive as controller-tools publishes it, and its SHA-512. */
export async function envtestArchive(
  programs: readonly string[] = PROGRAMS,
): Promise<{ readonly bytes: Buffer; readonly sha512: string }> {
  const dir = await temporaryDirectory();
  await putPrograms(join(dir, 'controller-tools', 'envtest'), programs, 'downloaded');
  await writeFile(join(dir, 'controller-tools', 'envtest', 'README'), 'not wanted');
  await tar.c({ file: join(dir, 'archive.tar.gz'), cwd: dir, gzip: true }, ['controller-tools']);
  const bytes = await readFile(join(dir, 'archive.tar.gz'));
  return { bytes, sha512: createHash('sha512').update(bytes).digest('hex') };
}

/** A release server of our own; returns its base URL. */
export async function releaseServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return `http://127.0.0.1:${address.port}`;
}
