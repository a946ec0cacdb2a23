import { describe, expect, it } from 'vitest';
import { policyConditions, policyReasonOf, type policyReasons } from '../../../../src/api/policy/conditions.ts';

const at = Date.UTC(2026, 0, 1);
const said = (reason: (typeof policyReasons)[number]) =>
  policyConditions({ reason, message: 'A sentence.' }, 3, [], at).map(({ type, status }) => `${type}=${status}`);

describe('the conditions of a policy', () => {
  it('are Ready alone where nothing waits for a person', () => {
    expect(said('Applied')).toEqual(['Ready=True']);
    expect(said('Progressing')).toEqual(['Ready=Unknown']);
    expect(said('Unavailable')).toEqual(['Ready=False']);
  });

  it.each(['Braked', 'TooManyUsers', 'InvalidSpec', 'CredentialsRejected'] as const)(
    'are Stalled too with %s',
    (reason) => {
      expect(said(reason)).toEqual(['Ready=False', 'Stalled=True']);
    },
  );

  it('leave those of other writers where they are, and keep their time while the status is the same', () => {
    const other = {
      type: 'Audited',
      status: 'True',
      reason: 'Yes',
      message: '',
      lastTransitionTime: '2025-01-01T00:00:00Z',
    } as const;
    const before = [...policyConditions({ reason: 'Braked', message: 'A.' }, 3, [], at), other];
    const after = policyConditions({ reason: 'TooManyUsers', message: 'B.' }, 4, before, at + 60_000);
    expect(after.map(({ type }) => type)).toEqual(['Ready', 'Stalled', 'Audited']);
    expect(after[0]).toMatchObject({
      reason: 'TooManyUsers',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 4,
    });
  });

  it('take the words of objects where they speak of the account, and none that speak of one user', () => {
    expect(policyReasonOf('AccountNotFound')).toBe('AccountNotFound');
    expect(policyReasonOf('UserNotFound')).toBeUndefined();
  });
});
