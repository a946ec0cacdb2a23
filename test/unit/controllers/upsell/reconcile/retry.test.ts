import { expect, it } from 'vitest';
import { type Reason, reasons } from '../../../../../src/api/conditions.ts';
import {
  resultOf,
  slowly,
  soon,
  untilItAppears,
  untilReachable,
} from '../../../../../src/controllers/upsell/reconcile/retry.ts';

const settled: readonly Reason[] = ['BuyerAssigned', 'Pending', 'Suspended', 'NotAssigned'];
const passing: readonly Reason[] = ['Throttled', 'Unavailable', 'VersionConflict', 'NotApplied'];

it.each(reasons)('%s is settled, tried again soon, or tried again slowly, and never given up', (reason) => {
  const outcome = resultOf({ reason, message: '' });
  if (settled.includes(reason)) expect(outcome).toEqual({ kind: 'done' });
  else {
    const waits = reason === 'UserNotFound' ? untilItAppears : slowly;
    const passes = reason === 'Unavailable' ? untilReachable : soon;
    expect(outcome).toEqual({ kind: 'retry', policy: passing.includes(reason) ? passes : waits });
  }
});

it('what Acronis asked to wait is kept', () => {
  expect(resultOf({ reason: 'Throttled', message: '' }, 30_000)).toEqual({
    kind: 'retry',
    policy: soon,
    atLeastMs: 30_000,
  });
});

it('what is stalled although its reason need not be is tried again slowly', () => {
  expect(resultOf({ reason: 'NotApplied', message: '', stalled: true })).toEqual({ kind: 'retry', policy: slowly });
});

it('a user who is created later is found within two minutes', () => {
  expect(untilItAppears.ceilingMs).toBeLessThanOrEqual(120_000);
});

it('what passes by itself is tried sooner than what waits for a person, and both have a ceiling', () => {
  expect(soon.baseMs).toBeLessThan(slowly.baseMs);
  expect(soon.ceilingMs).toBeLessThan(slowly.ceilingMs);
  expect(slowly.ceilingMs).toBeLessThanOrEqual(15 * 60_000);
});
