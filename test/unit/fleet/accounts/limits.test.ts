import { expect, it } from 'vitest';
import type { Credentials } from '../../../../src/acronis/credentials.ts';
import { transformAccount } from '../../../../src/api/account/object.ts';
import { type AccountObjects, createAccountObjects } from '../../../../src/fleet/accounts/account-objects.ts';
import { accountIdOf } from '../../../../src/fleet/accounts/accounts.ts';
import { createLimits, lowestOf } from '../../../../src/fleet/accounts/limits.ts';
import { accountSource } from '../../../../src/fleet/cache/objects.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { quietLog } from '../../../support/quiet.ts';

const flags = { concurrency: 8, rate: 5 };

it.each([
  ['no account: the flags', [], flags],
  ['an account that says nothing: the flags', [{}], flags],
  [
    "one account: its own, however they compare with the flags'",
    [{ concurrency: 64, ratePerSecond: 50 }],
    { concurrency: 64, rate: 50 },
  ],
  ['one of the two alone', [{ concurrency: 2 }], { concurrency: 2, rate: 5 }],
  ['no limit, for one account', [{ ratePerSecond: 0 }], { concurrency: 8, rate: 0 }],
  [
    'several: the lowest of each',
    [{ concurrency: 4, ratePerSecond: 20 }, { concurrency: 9, ratePerSecond: 3 }, {}],
    { concurrency: 4, rate: 3 },
  ],
  ['no limit beside a limit: the limit', [{ ratePerSecond: 0 }, { ratePerSecond: 7 }], { concurrency: 8, rate: 7 }],
])('%s', (_, specs, expected) => {
  expect(lowestOf(specs, flags)).toEqual(expected);
});

const shared: Credentials = { url: 'https://eu2-cloud.acronis.com/api/2', clientId: 'a', clientSecret: 's' };
const other: Credentials = { ...shared, clientId: 'b' };

it('accounts that are one API client share their lowest limits; a change counts within a second, and another client has its own', async () => {
  const clock = new ManualClock();
  const accountObjects: AccountObjects = createAccountObjects({
    namespace: 'sys',
    log: quietLog,
    isSynced: () => true,
  });
  const put = (name: string, spec: object, resourceVersion: string) => {
    const metadata = { namespace: 'sys', name, uid: name, resourceVersion, generation: 1 };
    const made = transformAccount({ metadata, spec: { credentialsSecretRef: { name }, ...spec } });
    if (made === undefined) throw new Error('it is an account');
    accountObjects.store.upsert(made);
  };
  put('one', { concurrency: 6 }, '1');
  put('two', { concurrency: 3 }, '1');
  put('three', { concurrency: 30 }, '1');
  const credentials = new Map([
    [accountSource('one'), shared],
    [accountSource('two'), { ...shared }],
    [accountSource('three'), other],
  ]);
  const sources = { lastGood: (source: string) => credentials.get(source) };
  const limitsOf = createLimits({ accountObjects, sources, byDefault: flags, clock });
  expect(limitsOf(accountIdOf(shared)).concurrency).toBe(3);
  expect(limitsOf(accountIdOf(other)).concurrency).toBe(30);
  expect(limitsOf('another')).toEqual(flags);
  put('two', {}, '2');
  await clock.advance(1_000);
  expect(limitsOf(accountIdOf(shared)).concurrency).toBe(6);
});
