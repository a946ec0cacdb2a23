import { readdir } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { type Download, downloadPrograms } from '../../../../tools/controlplane/download.ts';
import { envtestArchive, releaseServer, temporaryDirectory } from './fresh-machine.ts';

const never = new AbortController().signal;

async function attempt(listener: RequestListener, changes: Partial<Download> = {}) {
  const dir = await temporaryDirectory();
  const said: string[] = [];
  const download: Download = {
    releases: await releaseServer(listener),
    platform: 'linux-amd64',
    sha512: 'f'.repeat(128),
    fetch,
    connectMs: 5_000,
    idleMs: 5_000,
    ...changes,
  };
  return { dir, said, done: downloadPrograms(download, dir, (text) => said.push(text), never) };
}

test('of a good archive only the three programs are taken', async () => {
  const { bytes, sha512 } = await envtestArchive();
  const { dir, said, done } = await attempt(
    (_request, response) => response.setHeader('content-length', bytes.byteLength).end(bytes),
    { sha512 },
  );

  await done;
  expect((await readdir(dir)).sort()).toEqual(['etcd', 'kube-apiserver', 'kubectl']);
  expect(said.at(-1)).toMatch(/^\d+ of \d+ MB$/);
});

test('a redirect, as the real server sends, is followed', async () => {
  const { bytes, sha512 } = await envtestArchive();
  const { dir, done } = await attempt(
    (request, response) => {
      if (request.url === '/elsewhere') response.end(bytes);
      else response.writeHead(302, { location: '/elsewhere' }).end();
    },
    { sha512 },
  );

  await done;
  expect(await readdir(dir)).toHaveLength(3);
});

test('an archive that lacks a program is refused', async () => {
  const { bytes, sha512 } = await envtestArchive(['etcd', 'kubectl']);
  const { done } = await attempt((_request, response) => response.end(bytes), { sha512 });

  await expect(done).rejects.toThrow(/kube-apiserver/);
});

test('a missing release names the response of the server', async () => {
  const { done } = await attempt((_request, response) => response.writeHead(404).end('not here'));

  await expect(done).rejects.toThrow('the server responded with 404');
});

test('a server that accepts and says nothing is given up after a moment', async () => {
  const { done } = await attempt(() => undefined, { connectMs: 50 });

  await expect(done).rejects.toThrow(/^nothing came for/);
});

test('a transfer that falls silent half way is given up', async () => {
  const { bytes, sha512 } = await envtestArchive();
  const { done } = await attempt((_request, response) => response.write(bytes.subarray(0, 100)), {
    sha512,
    idleMs: 50,
  });

  await expect(done).rejects.toThrow(/^nothing came for/);
});

test('a transfer that is cut is an error, not a short archive', async () => {
  const { bytes, sha512 } = await envtestArchive();
  const { done } = await attempt(
    (_request, response) => {
      response.setHeader('content-length', bytes.byteLength);
      response.write(bytes.subarray(0, 100), () => response.destroy());
    },
    { sha512 },
  );

  await expect(done).rejects.toThrow();
});
