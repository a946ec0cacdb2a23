/** Chromium, and the built site as GitHub Pages serves it: files below a base, and 404 for everything else. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { execa } from 'execa';
import { type Browser, chromium } from 'playwright-core';
import { onPath } from '../../tools/on-path.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/** @throws Error with a sentence where there is no Chromium and it cannot be installed here. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = (await found()) ?? (await installed());
  // Root has no sandbox to give; the pages are our own.
  return await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** Of Debian, or of GitHub's machines. */
async function found(): Promise<string | undefined> {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const path = await onPath(name, process.env);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function installed(): Promise<string> {
  if (process.getuid?.() !== 0 || (await onPath('apt-get', process.env)) === undefined)
    throw new Error('The site cannot be looked at without chromium: install it, or run this as root on Debian.');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await execa('apt-get', ['update', '-qq'], { env });
  await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { env });
  return '/usr/bin/chromium';
}

/** Serves `folder` below `base` on loopback. Returns the origin. */
export async function serve(folder: string, base: string): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer(({ url }, response) => {
    const path = decodeURIComponent(new URL(url ?? '/', 'http://localhost').pathname);
    const file = path.startsWith(base) ? fileAt(join(folder, path.slice(base.length - 1))) : undefined;
    if (file === undefined) return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fileAt(path: string): string | undefined {
  const file = path.endsWith('/') ? `${path}index.html` : path;
  return existsSync(file) && statSync(file).isFile() ? file : undefined;
}
