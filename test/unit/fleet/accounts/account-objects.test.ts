import { expect, it } from 'vitest';
import { type AcronisAccount, transformAccount } from '../../../../src/api/account/object.ts';
import { createAccountObjects, maxDeleted } from '../../../../src/fleet/accounts/account-objects.ts';
import { quietLog } from '../../../support/quiet.ts';

const namespace = 'acronis-system';

function account(name: string, resourceVersion = '1'): AcronisAccount {
  const made = transformAccount({
    metadata: { namespace, name, uid: `${name}-uid`, resourceVersion, generation: 1 },
    spec: { credentialsSecretRef: { name } },
  });
  if (made === undefined) throw new Error('The account could not be read.');
  return made;
}

const accountObjects = () => createAccountObjects({ namespace, log: quietLog, isSynced: () => true });

it('an account that was deleted is known as it was last, and is not among those that there are', () => {
  const objects = accountObjects();
  objects.store.upsert(account('eu2', '1'));
  objects.store.upsert(account('eu2', '2'));
  objects.store.remove(`${namespace}/eu2`);
  expect(objects.get('eu2')).toBeUndefined();
  expect(objects.lastKnown('eu2')?.resourceVersion).toBe('2');
});

it('accounts that come and go under ever new names are remembered up to a bound, the latest of them', () => {
  const objects = accountObjects();
  const come = (name: string) => objects.store.upsert(account(name));
  const go = (name: string) => objects.store.remove(`${namespace}/${name}`);
  come('again');
  go('again');
  for (let at = 0; at < maxDeleted - 1; at++) {
    come(`a-${at}`);
    go(`a-${at}`);
  }
  expect(objects.lastKnown('again')).toBeDefined();
  // What is deleted once more is one of the latest.
  come('again');
  go('again');
  come('last');
  go('last');
  expect(objects.lastKnown('again')).toBeDefined();
  expect(objects.lastKnown('last')).toBeDefined();
  expect(objects.lastKnown('a-0')).toBeUndefined();
  expect(objects.lastKnown('a-1')).toBeDefined();
});
