/** What the operator's client does with each setup of kubeconfig-setups.ts. test/integration/kubeconfig.test.ts asks the real kubectl the same. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { openConnection } from '../../../../src/kubernetes/connection/connection.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { always } from '../../../support/signal.ts';
import { clientOn } from '../support.ts';
import { arrange, execInfoIn, expected, rows, secret } from './kubeconfig-setups.ts';
import { RecordingApiServer } from './recording-api-server.ts';

const isRoot = process.getuid?.() === 0;
let [server, other]: RecordingApiServer[] = [];
beforeAll(async () => {
  [server, other] = [await RecordingApiServer.start(), await RecordingApiServer.start()];
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

describe('a kubeconfig does for the operator what it does for kubectl', () => {
  test.for(rows)('$name', async (row, { skip }) => {
    if (server === undefined || other === undefined) throw new Error('the servers are not up');
    using arranged = arrange(row, { server: server.url, other: other.url });
    const { world, env, flag } = arranged;
    skip(isRoot && row.setup(world).locked !== undefined, 'root may read everything');
    server.seen.length = other.seen.length = 0;
    const log = new RecordedLog();
    const error = await (async () => {
      const connection = openConnection({ kubeconfig: flag, env, clock: systemClock, log });
      onTestFinished(() => connection.close());
      const path = `/api/v1/namespaces/${connection.namespace}/pods`;
      await clientOn(connection, systemClock).client.request({ method: 'GET', path }, always());
    })().catch((error: unknown) => String(error));

    if (row.sent === 'refused') expect(error).toMatch(row.says ?? /./);
    else expect(error).toBeUndefined();
    const seen = [...(row.toOther ? other : server).seen];
    expect(seen).toEqual(expected(row) === 'refused' ? [] : [expected(row)]);
    expect((row.toOther ? server : other).seen).toEqual([]);
    if (row.execInfo !== undefined) expect(execInfoIn(world)).toEqual(row.execInfo(world));
    expect(JSON.stringify([error, log.lines])).not.toContain(secret);
  });
});
