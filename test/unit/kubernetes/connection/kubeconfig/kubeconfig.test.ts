/** What the operator's client does with each setup of setups.ts. test/integration/kubeconfig.test.ts asks the real kubectl the same. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../../src/base/clock.ts';
import { openConnection } from '../../../../../src/kubernetes/connection/connection.ts';
import { RecordedLog } from '../../../../support/recorded-log.ts';
import { always } from '../../../../support/signal.ts';
import { clientOn } from '../../support.ts';
import { rows, secret, testedBy } from './setups.ts';

const tested = testedBy(async ({ sent, says }, { env, flag }) => {
  const log = new RecordedLog();
  const error = await (async () => {
    const connection = openConnection({ kubeconfig: flag, env, clock: systemClock, log });
    onTestFinished(() => connection.close());
    const path = `/api/v1/namespaces/${connection.namespace}/pods`;
    await clientOn(connection, systemClock).client.request({ method: 'GET', path }, always());
  })().catch((error: unknown) => String(error));
  if (sent === 'refused') expect(error).toMatch(says ?? /./);
  else expect(error).toBeUndefined();
  expect(JSON.stringify([error, log.lines])).not.toContain(secret);
});

describe('a kubeconfig does for the operator what it does for kubectl', () => {
  test.for(rows)('$name', tested);
});
