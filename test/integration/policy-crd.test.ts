/** The API server's judgement of good and bad TenantUpsellPolicies beside zod's. No operator runs here. */

import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { policySpecSchema } from '../../src/api/policy/spec.ts';
import { badPolicies, goodPolicies } from '../support/policy-specs.ts';

const namespace = `tup-${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  await kubectlOk(inject('controlPlane'), ['create', 'namespace', namespace]);
});

const create = (spec: object, name = 'admins') =>
  kubectl(inject('controlPlane'), ['create', '--dry-run=server', '-n', namespace, '-o', 'json', '-f', '-'], {
    stdin: JSON.stringify({
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUpsellPolicy',
      metadata: { name },
      spec,
    }),
  });

describe('a policy', () => {
  it.each(goodPolicies)(
    'with %s is accepted, gets the defaults that zod gives, and waits for the operator',
    async (_, spec) => {
      const { stdout, stderr } = await create(spec);
      expect(stderr).toBe('');
      const stored = JSON.parse(stdout);
      expect(stored.spec).toEqual(policySpecSchema.parse(spec));
      expect(stored.status.conditions).toMatchObject([{ type: 'Ready', status: 'Unknown', reason: 'Pending' }]);
    },
  );

  it.each(badPolicies)('with %s is refused, with a sentence', async (_, spec, sentence) => {
    const { stderr, exitCode } = await create(spec);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(sentence);
  });

  it('has a name that a label of its children can have', async () => {
    const [[, spec] = ['', {}]] = goodPolicies;
    expect((await create(spec, 'a'.repeat(63))).stderr).toBe('');
    expect((await create(spec, 'a'.repeat(64))).stderr).toMatch(/at most 63 characters.*choose a shorter one/);
  });
});
