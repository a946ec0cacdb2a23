/** The real kubectl with each setup of kubeconfig-setups.ts: it does what the operator's client does (test/unit/kubernetes/connection/kubeconfig.test.ts). */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { arrange, execInfoIn, expected, rows } from '../unit/kubernetes/connection/kubeconfig-setups.ts';
import { RecordingApiServer } from '../unit/kubernetes/connection/recording-api-server.ts';

const isRoot = process.getuid?.() === 0;
let [server, other]: RecordingApiServer[] = [];
beforeAll(async () => {
  [server, other] = [await RecordingApiServer.start(), await RecordingApiServer.start()];
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

describe('kubectl does with a kubeconfig what the table says', () => {
  it.for(rows.filter(({ unlikeKubectl }) => unlikeKubectl === undefined))('$name', async (row, { skip }) => {
    if (server === undefined || other === undefined) throw new Error('the servers are not up');
    using arranged = arrange(row, { server: server.url, other: other.url });
    const { world, env, flag } = arranged;
    skip(isRoot && row.setup(world).locked !== undefined, 'root may read everything');
    server.seen.length = other.seen.length = 0;
    const args = ['get', 'pods', '-o', 'name', ...(flag === undefined ? [] : ['--kubeconfig', flag])];
    const { exitCode, stderr } = await execa(inject('controlPlane').kubectl, args, {
      cwd: '/',
      env: { ...env, KUBERC: 'off' },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      timeout: 30_000,
    });
    const wanted = expected(row);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: wanted === 'refused' ? 1 : 0 });
    expect((row.toOther ? other : server).seen).toEqual(wanted === 'refused' ? [] : [wanted]);
    expect((row.toOther ? server : other).seen).toEqual([]);
    if (row.execInfo !== undefined) expect(execInfoIn(world)).toEqual(row.execInfo(world));
  });
});
