/** The API server's judgement of good and bad AcronisAccounts beside zod's. No operator runs here. */

import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { badAccounts, goodAccounts } from '../support/account-specs.ts';

const namespace = `acct-${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  await kubectlOk(inject('controlPlane'), ['create', 'namespace', namespace]);
});

const create = (spec: object) =>
  kubectl(inject('controlPlane'), ['create', '--dry-run=server', '-n', namespace, '-o', 'json', '-f', '-'], {
    stdin: JSON.stringify({
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'AcronisAccount',
      metadata: { name: 'eu2' },
      spec,
    }),
  });

describe('an account', () => {
  it.each(goodAccounts)('with %s is accepted as it is, and waits for the operator', async (_, spec) => {
    const { stdout, stderr } = await create(spec);
    expect(stderr).toBe('');
    const stored = JSON.parse(stdout);
    expect(stored.spec).toEqual(spec);
    expect(stored.status.conditions).toMatchObject([{ type: 'Ready', status: 'Unknown', reason: 'Pending' }]);
  });

  it.each(badAccounts)('with %s is refused, with a sentence', async (_, spec, sentence) => {
    const { stderr, exitCode } = await create(spec);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(sentence);
  });
});
