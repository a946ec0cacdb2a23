import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { provision } from '../../../../tools/controlplane/provision.ts';
import { BUILT_VERSION, ENVTEST_VERSION, GO_PACKAGES } from '../../../../tools/controlplane/versions.ts';
import { ProvisionError } from '../../../../tools/provision-error.ts';
import {
  envtestArchive,
  freshMachine,
  putPrograms,
  releaseServer,
  temporaryDirectory,
  workingGo,
} from './fresh-machine.ts';

const never = new AbortController().signal;
const cacheOf = (home: string): string => join(home, '.cache', 'acronis-upsell-operator', 'controlplane');
const servesOnly = (path: string, bytes: Buffer): Promise<string> =>
  releaseServer((request, response) => {
    if (request.url === path) response.end(bytes);
    else response.writeHead(404).end();
  });
const archivePath = `/envtest-${ENVTEST_VERSION}/envtest-${ENVTEST_VERSION}-linux-amd64.tar.gz`;

test('KUBEBUILDER_ASSETS is taken before all else', async () => {
  const assets = await temporaryDirectory();
  await putPrograms(assets);
  const { surroundings, home } = await freshMachine({ env: { KUBEBUILDER_ASSETS: assets } });
  await putPrograms(join(cacheOf(home), `${BUILT_VERSION}-linux-amd64`));

  expect(await provision(surroundings, never)).toEqual({
    source: 'KUBEBUILDER_ASSETS',
    etcd: join(assets, 'etcd'),
    'kube-apiserver': join(assets, 'kube-apiserver'),
    kubectl: join(assets, 'kubectl'),
  });
});

test('KUBEBUILDER_ASSETS without kubectl is completed from PATH', async () => {
  const assets = await temporaryDirectory();
  const bin = await temporaryDirectory();
  await putPrograms(assets, ['etcd', 'kube-apiserver']);
  await putPrograms(bin, ['kubectl', 'etcd']);
  const { surroundings } = await freshMachine({ env: { KUBEBUILDER_ASSETS: assets, PATH: `/nowhere:${bin}` } });

  const found = await provision(surroundings, never);
  expect(found.kubectl).toBe(join(bin, 'kubectl'));
  expect(found.etcd).toBe(join(assets, 'etcd'));
});

test('a KUBEBUILDER_ASSETS that lacks a server stops with a sentence that names it', async () => {
  const assets = await temporaryDirectory();
  await putPrograms(assets, ['kube-apiserver', 'kubectl']);
  const { surroundings } = await freshMachine({ env: { KUBEBUILDER_ASSETS: assets }, ...workingGo() });

  await expect(provision(surroundings, never)).rejects.toThrow(
    new ProvisionError(
      `KUBEBUILDER_ASSETS is ${assets}, but there is no etcd in it: point it at a directory that has etcd, kube-apiserver, kubectl, or unset it and they will be found or built.`,
    ),
  );
});

test('the archive is downloaded where there is a network, and the next start finds it in the cache', async () => {
  const { bytes, sha512 } = await envtestArchive();
  const releases = await servesOnly(archivePath, bytes);
  const go = workingGo();
  const { surroundings, home } = await freshMachine({
    releases,
    fetch,
    sha512: { 'linux-amd64': sha512 },
    run: go.run,
  });

  const first = await provision(surroundings, never);
  expect(first.source).toBe('download');
  expect(await readFile(first.etcd, 'utf8')).toBe('downloaded');
  expect(await readdir(dirname(first.etcd))).toEqual(['complete.json', 'etcd', 'kube-apiserver', 'kubectl']);
  expect(await readdir(cacheOf(home))).toEqual([`${ENVTEST_VERSION}-linux-amd64`]);

  const offline = await provision({ ...surroundings, fetch: () => Promise.reject(new Error('no')) }, never);
  expect(offline).toEqual({ ...first, source: 'cache' });
  expect(go.built).toEqual([]);
});

test('an archive with another checksum is not unpacked, which is said, and the programs are built instead', async () => {
  const { bytes } = await envtestArchive();
  const releases = await servesOnly(archivePath, bytes);
  const go = workingGo();
  const { surroundings, shown, home } = await freshMachine({
    releases,
    fetch,
    sha512: { 'linux-amd64': 'f'.repeat(128) },
    run: go.run,
  });

  const found = await provision(surroundings, never);
  expect(found.source).toBe('build');
  expect(await readFile(found.etcd, 'utf8')).toBe('built');
  expect(await readdir(cacheOf(home))).toEqual([`${BUILT_VERSION}-linux-amd64`]);
  expect(shown.join('\n')).toMatch(
    /The download failed: .* has the SHA-512 .* where ffffffffffff… is expected, so it was not unpacked\. Building it/,
  );
});

test('without a network the programs are built, one after the other, and every step is shown', async () => {
  const go = workingGo();
  const { surroundings, shown } = await freshMachine({ run: go.run });

  const found = await provision(surroundings, never);
  expect(found.source).toBe('build');
  expect(go.built).toEqual(Object.values(GO_PACKAGES));
  expect(shown).toContain('The download failed: getaddrinfo ENOTFOUND. Building it with Go instead.');
  expect(shown.filter((line) => line.includes('done in'))).toHaveLength(3);
  expect((await provision(surroundings, never)).source).toBe('cache');
});

test('a platform without an archive goes straight to the build', async () => {
  const { surroundings, shown } = await freshMachine({ platform: 'linux-s390x', run: workingGo().run });

  expect((await provision(surroundings, never)).source).toBe('build');
  expect(shown[0]).toBe('There is no official control plane archive for linux-s390x; building it instead.');
});

test('with no network and no Go one sentence says what to install or set', async () => {
  const { surroundings } = await freshMachine();

  await expect(provision(surroundings, never)).rejects.toThrow(
    new ProvisionError(
      'No control plane could be downloaded, and there is no Go to build one with: install Go 1.26 or newer (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a directory that has etcd, kube-apiserver, kubectl.',
    ),
  );
});

test('a build that fails says what Go said, and leaves nothing in the cache', async () => {
  const { surroundings, home } = await freshMachine({
    run: async (_file, args) =>
      args[0] === 'build' ? { exitCode: 1, output: 'a\nb\nc\nno space left' } : { exitCode: 0, output: '' },
  });

  await expect(provision(surroundings, never)).rejects.toThrow(
    /^The build failed: go build ended with 1 for etcd: b \| c \| no space left\. To go on, install Go/,
  );
  expect(await readdir(cacheOf(home))).toEqual([]);
});

test('half an entry in the cache counts as none, and is replaced', async () => {
  const { surroundings, home } = await freshMachine({ run: workingGo().run });
  await putPrograms(join(cacheOf(home), `${BUILT_VERSION}-linux-amd64`), ['etcd', 'kube-apiserver', 'kubectl'], 'half');

  const found = await provision(surroundings, never);
  expect(found.source).toBe('build');
  expect(await readFile(found.kubectl, 'utf8')).toBe('built');
});

test('an entry that lost a program since counts as none', async () => {
  const { surroundings, home } = await freshMachine({ run: workingGo().run });
  const entry = join(cacheOf(home), `${BUILT_VERSION}-linux-amd64`);
  await mkdir(entry, { recursive: true });
  await putPrograms(entry, ['etcd', 'kubectl']);
  await writeFile(join(entry, 'complete.json'), JSON.stringify({ version: BUILT_VERSION, source: 'build' }));

  expect((await provision(surroundings, never)).source).toBe('build');
});

test('two that start at the same time build once', async () => {
  const go = workingGo();
  const { surroundings } = await freshMachine({ run: go.run });

  const found = await Promise.all([provision(surroundings, never), provision(surroundings, never)]);
  expect(found.map(({ source }) => source).sort()).toEqual(['build', 'cache']);
  expect(go.built).toHaveLength(3);
});

test('a build that is interrupted ends with the reason it was given, and leaves no lock', async () => {
  const leaving = new AbortController();
  const { surroundings, home } = await freshMachine({
    run: async (_file, args, _cwd, signal) => {
      if (args[0] === 'build') leaving.abort(new Error('Ctrl-C'));
      signal.throwIfAborted();
      return { exitCode: 0, output: '' };
    },
  });

  await expect(provision(surroundings, leaving.signal)).rejects.toThrow('Ctrl-C');
  expect(await readdir(cacheOf(home))).toEqual([]);
});

test('XDG_CACHE_HOME says where the cache is', async () => {
  const cache = await temporaryDirectory();
  const { surroundings } = await freshMachine({ env: { XDG_CACHE_HOME: cache }, run: workingGo().run });

  expect((await provision(surroundings, never)).etcd).toBe(
    join(cache, 'acronis-upsell-operator', 'controlplane', `${BUILT_VERSION}-linux-amd64`, 'etcd'),
  );
});
