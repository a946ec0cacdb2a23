/** The table of which namespaces an account serves. */
import { describe, expect, it } from 'vitest';
import type { AcronisAccount } from '../../../../src/api/account/object.ts';
import { transformAccount } from '../../../../src/api/account/object.ts';
import { allows, matches } from '../../../../src/fleet/accounts/admission.ts';

function account(allowedNamespaces?: object): AcronisAccount {
  const made = transformAccount({
    metadata: { namespace: 'acronis-system', name: 'eu2', uid: 'uid', resourceVersion: '1', generation: 1 },
    spec: {
      credentialsSecretRef: { name: 'eu2' },
      ...(allowedNamespaces === undefined ? {} : { allowedNamespaces }),
    },
  });
  if (made === undefined) throw new Error('it is an account');
  return made;
}

const gold = { tier: 'gold', team: 'a' };

describe('a namespace', () => {
  it.each<[string, object | undefined, string, object, boolean]>([
    ['of the account itself, without allowedNamespaces', undefined, 'acronis-system', {}, true],
    ['of the account itself, whatever they are', { from: 'Names', names: ['x'] }, 'acronis-system', {}, true],
    ['without allowedNamespaces', undefined, 'customers', gold, false],
    ['with All', { from: 'All' }, 'customers', {}, true],
    ['that is named', { from: 'Names', names: ['x', 'customers'] }, 'customers', {}, true],
    ['that is not named', { from: 'Names', names: ['x'] }, 'customers', gold, false],
    ['with the label', { from: 'Selector', selector: { matchLabels: { tier: 'gold' } } }, 'customers', gold, true],
    ['with another value', { from: 'Selector', selector: { matchLabels: { tier: 'tin' } } }, 'customers', gold, false],
    ['without the label', { from: 'Selector', selector: { matchLabels: { tier: 'gold' } } }, 'customers', {}, false],
    ['with an empty selector', { from: 'Selector', selector: {} }, 'customers', {}, true],
  ])('%s', (_, allowed, name, labels, expected) => {
    expect(allows(account(allowed), { name, labels: { ...labels } })).toBe(expected);
  });

  it('is never served by an account whose stored spec breaks a rule', () => {
    const broken = account({ from: 'Selector' });
    expect(broken.spec.ok).toBe(false);
    for (const name of ['acronis-system', 'customers']) expect(allows(broken, { name, labels: gold })).toBe(false);
  });
});

describe('a selector is read as Kubernetes reads it', () => {
  it.each<[string, Parameters<typeof matches>[0], boolean]>([
    ['In', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['tin', 'gold'] }] }, true],
    ['In, of another value', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['tin'] }] }, false],
    ['In, of no label', { matchExpressions: [{ key: 'zone', operator: 'In', values: [''] }] }, false],
    ['NotIn', { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['gold'] }] }, false],
    ['NotIn, of no label', { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
    ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    ['Exists, of no label', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
    ['DoesNotExist, of no label', { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, true],
    ['a label that only objects have', { matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
    [
      'all of several, one of which does not hold',
      { matchLabels: { tier: 'gold' }, matchExpressions: [{ key: 'team', operator: 'In', values: ['b'] }] },
      false,
    ],
  ])('%s', (_, selector, expected) => {
    expect(matches(selector, gold)).toBe(expected);
  });
});
