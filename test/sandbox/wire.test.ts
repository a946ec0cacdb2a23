import { afterEach, expect, test } from 'vitest';
import { ENCODINGS } from '../../sandbox/acronis/http/encode.ts';
import { type OperatorClient, operatorClient } from './operator-client.ts';
import { ask, sandbox, shareSandbox } from './shared-sandbox.ts';

// What gateways make of bodies on their way, and what the operator's own client reads in them.

shareSandbox();
let client: OperatorClient | undefined;
afterEach(() => client?.close());

test.each(ENCODINGS.flatMap((encoding) => [false, true].map((byteOrderMark) => ({ encoding, byteOrderMark }))))(
  'the operator reads and writes users through bodies that are $encoding, led by a byte order mark: $byteOrderMark',
  async (encoding) => {
    sandbox.switches.set(encoding);
    client = operatorClient(sandbox);
    const { account, signal } = client;
    const { samRivers, tenants } = sandbox.cast;
    const evidence = await account.users.read(samRivers, signal);
    if (evidence.kind !== 'seen') throw new Error('the user was not seen');
    const { version } = evidence.user;
    const put = await account.writes.putBusinessTypes(
      samRivers,
      { businessTypes: ['buyer'], version },
      signal,
      () => {},
    );
    expect(put?.businessTypes).toEqual(['buyer']);
    expect((await account.api.search(tenants.partner, 'sam.rivers2', signal)).users).toHaveLength(1);
    expect(await account.api.getRootTenant(signal)).toBe(tenants.partner);
    await expect(
      account.writes.putBusinessTypes(samRivers, { businessTypes: [], version }, signal, () => {}),
    ).rejects.toMatchObject({ kind: 'conflict' });
  },
);

test('a body goes out as the switch says, declared or not', async () => {
  const { buyer } = sandbox.cast;
  const seen: unknown[] = [];
  for (const encoding of ENCODINGS) {
    sandbox.switches.set({ encoding });
    const { headers, text } = await ask('GET', `/users/${buyer}`);
    seen.push([encoding, headers.get('content-encoding'), text.startsWith('{')]);
  }
  expect(seen).toEqual([
    ['identity', null, true],
    ['gzip', 'gzip', true],
    ['br', 'br', true],
    ['deflate', 'deflate', true],
    ['rawDeflate', 'deflate', true],
    ['undeclaredGzip', null, false],
  ]);
  sandbox.switches.set({ encoding: 'identity', byteOrderMark: true });
  const marked = await fetch(`${sandbox.url}/api/2/users/${buyer}`);
  expect(Buffer.from(await marked.arrayBuffer()).subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
});

test.each([20_000, 90_000])(
  'the operator misses no change where the time of a list is %s ms ahead of the times of the changes in it',
  async (timestampAheadMs) => {
    sandbox.switches.set({ timestampAheadMs });
    client = operatorClient(sandbox);
    const { account, signal } = client;
    const { buyer, samRivers, companyAdmin } = sandbox.cast;
    const found: string[] = [];
    for (const id of [buyer, samRivers, companyAdmin]) {
      sandbox.console.touch(id);
      for await (const stamps of account.changes.poll(10, signal)) found.push(...stamps.map((stamp) => stamp.id));
    }
    expect(found).toEqual([buyer, samRivers, companyAdmin]);
  },
);
