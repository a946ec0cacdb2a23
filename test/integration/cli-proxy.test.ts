/** `check` through an HTTP proxy, as a person runs it: the built file, a real tunnel with TLS inside of it, a real API server that is reached directly. */

import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { command } from '../support/command.ts';
import { ConnectProxy, type ConnectProxyOptions } from '../support/connect-proxy.ts';
import { certificateFile, startDataCenter } from '../support/data-center.ts';
import { listenOnLoopback, trackConnections } from '../support/loopback.ts';
import { outputProblems } from '../support/output-schema.ts';

const host = 'eu2-cloud.acronis.com';
/** As HTTPS_PROXY has them, as they are, and as they are sent. */
const secrets = ['jane', 'canary', Buffer.from('jane:canary-p@ss').toString('base64')];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ users: 20, tenants: 2, seed: 16_031 });
});
afterAll(() => sandbox.stop());

const checklist = z.object({
  lines: z.array(
    z.looseObject({ id: z.string(), result: z.string(), says: z.string(), remedy: z.string().optional() }),
  ),
});

interface Checked {
  readonly exitCode: number | undefined;
  /** What the line with this id says, after how it is. */
  line(id: string): string | undefined;
}

/** Runs `check` in both formats, neither of which shows who the proxy knows us as. */
async function check(env: Readonly<Record<string, string>>): Promise<Checked> {
  const all = {
    KUBECONFIG: inject('controlPlane').kubeconfig,
    NODE_EXTRA_CA_CERTS: certificateFile,
    ACRONIS_URL: `https://${host}`,
    ACRONIS_CLIENT_ID: sandbox.clientId,
    ACRONIS_CLIENT_SECRET: sandbox.clientSecret,
    ...env,
  };
  const args = ['check', '--leader-elect=false'];
  const table = await command(args, { env: all });
  const json = await command([...args, '--output=json'], { env: all });
  const shown = [table, json].map(({ stdout, stderr }) => stdout + stderr).join('\n');
  for (const secret of secrets) expect(shown).not.toContain(secret);
  expect(await outputProblems('check', json.stdout)).toEqual([]);
  expect(json.exitCode).toBe(table.exitCode);
  const { lines } = checklist.parse(JSON.parse(json.stdout));
  return {
    exitCode: json.exitCode,
    line(id) {
      const found = lines.find((each) => each.id === id);
      if (found === undefined) return undefined;
      const { result, says, remedy = '' } = found;
      expect(table.stdout.replaceAll(/\s+/g, ' '), 'the table says the same').toContain(says);
      return `${result}: ${says} ${remedy}`.trimEnd();
    },
  };
}

async function startProxy(options: ConnectProxyOptions = {}) {
  const proxy = await ConnectProxy.start(options);
  const { host: name } = new URL(proxy.url);
  const dispose = () => proxy[Symbol.asyncDispose]();
  return { proxy, name, url: `http://jane:canary-p%40ss@${name}`, [Symbol.asyncDispose]: dispose };
}

it.each(['HTTPS_PROXY', 'https_proxy'])(
  'check goes to Acronis through the proxy of %s, says so, and reaches the API server directly',
  async (variable) => {
    const port = await startDataCenter(sandbox.url);
    await using behind = await startProxy({ leadsTo: `127.0.0.1:${port}` });
    const { line } = await check({ [variable]: behind.url });
    expect(line('server')).toMatch(/^pass: /);
    expect(line('proxy')).toBe(`pass: ${host} is reached through the proxy ${behind.name}, as ${variable} says.`);
    for (const id of ['credentials', 'reach', 'read', 'clock']) expect(line(id), id).toMatch(/^pass: /);
    expect(new Set(behind.proxy.tunnels)).toEqual(new Set([`${host}:443`]));
    expect(new Set(behind.proxy.authorizations)).toEqual(new Set([`Basic ${secrets.at(-1)}`]));
  },
);

it.each<[number, RegExp]>([
  [407, /^fail: The proxy \S+ wants another user name or password \(HTTP 407\)\. Correct HTTPS_PROXY/],
  [403, /^fail: The proxy \S+ refuses a tunnel to .+ \(HTTP 403\)\. Allow it there, with CONNECT to port 443\.$/],
  [502, /^fail: The proxy \S+ could not reach .+ \(HTTP 502\)\. Look at its log, or at its DNS\./],
])('a proxy that responds to CONNECT with %i is named by check, with what to do', async (status, sentence) => {
  await using behind = await startProxy({ status });
  const { exitCode, line } = await check({ HTTPS_PROXY: behind.url });
  expect(exitCode).toBe(1);
  expect(line('proxy')).toContain(behind.name);
  expect(line('reach')).toMatch(sentence);
  expect(line('reach')).toContain(behind.name);
  expect(behind.proxy.tunnels).not.toEqual([]);
});

it('a proxy that is not there is named by check, with what to do', async () => {
  const server = createServer();
  trackConnections(server);
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  const { exitCode, line } = await check({ HTTPS_PROXY: `jane:canary-p%40ss@127.0.0.1:${port}` });
  expect(exitCode).toBe(1);
  expect(line('reach')).toMatch(
    /^fail: The proxy 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. See whether it works, and whether HTTPS_PROXY is right\./,
  );
});

it('a host of NO_PROXY is reached by check without the proxy, and the line says why', async () => {
  await using behind = await startProxy();
  const { exitCode, line } = await check({
    HTTPS_PROXY: behind.url,
    NO_PROXY: 'example.com, .invalid',
    ACRONIS_URL: 'https://acronis.invalid',
    ACRONIS_HOSTS: 'acronis.invalid',
  });
  expect(exitCode).toBe(1);
  expect(line('proxy')).toBe('pass: acronis.invalid is reached without a proxy: NO_PROXY excepts it from HTTPS_PROXY.');
  expect(line('reach')).toMatch(/^fail: (?!.*proxy).*acronis\.invalid/);
  expect(behind.proxy.tunnels).toEqual([]);
});

it('an HTTPS_PROXY that is none fails one line, which says what to write, and nothing is sent', async () => {
  sandbox.ledger.reset();
  const { exitCode, line } = await check({
    HTTPS_PROXY: 'socks5://jane:canary-p%40ss@127.0.0.1:1080',
    ACRONIS_URL: sandbox.url,
    ALLOW_INSECURE_ACRONIS: 'true',
  });
  expect(exitCode).toBe(1);
  expect(line('server')).toMatch(/^pass: /);
  expect(line('proxy')).toMatch(/^fail: HTTPS_PROXY is not the URL of an HTTP proxy: write one such as http:/);
  expect(line('reach')).toBeUndefined();
  expect(sandbox.ledger.stats().requests).toBe(0);
});
