import { describe, expect, test } from 'vitest';
import {
  type Condition,
  conditionReason,
  conditionsOf,
  meaningOf,
  pendingCondition,
  reasons,
  type Verdict,
} from '../../../src/api/conditions.ts';
import { statusSchema } from '../../../src/api/status.ts';

const at = (time: string): number => Date.parse(time);
const first = '2026-01-02T03:04:05Z';
const later = '2026-01-02T04:00:00Z';
const verdict = (reason: Verdict['reason'], message = 'm'): Verdict => ({ reason, message });
const ready = (conditions: readonly Condition[]) => conditions.find((each) => each.type === 'Ready');

describe('conditions', () => {
  test.each(reasons)('%s is said as its table has it', (reason) => {
    const { ready: status, stalled } = meaningOf(reason);
    const conditions = conditionsOf(verdict(reason), undefined, 3, [], at(first));
    const common = { reason, message: 'm', observedGeneration: 3, lastTransitionTime: first };
    expect(conditions).toEqual(
      stalled
        ? [
            { type: 'Ready', status, ...common },
            { type: 'Stalled', status: 'True', ...common },
          ]
        : [{ type: 'Ready', status, ...common }],
    );
    expect(statusSchema.safeParse({ conditions }).success).toBe(true);
  });

  test('stalled is only what is not ready, and being ready is one reason', () => {
    for (const reason of reasons) if (meaningOf(reason).stalled) expect(meaningOf(reason).ready).toBe('False');
    expect(reasons.filter((reason) => meaningOf(reason).ready === 'True')).toEqual(['BuyerAssigned']);
  });

  test('keep their time while their status stays, whatever the reason and the message say', () => {
    const before = conditionsOf(verdict('Unavailable'), undefined, 1, [], at(first));
    const after = conditionsOf(verdict('Throttled', 'other'), undefined, 2, before, at(later));
    expect(after).toEqual([
      {
        type: 'Ready',
        status: 'False',
        reason: 'Throttled',
        message: 'other',
        observedGeneration: 2,
        lastTransitionTime: first,
      },
    ]);
  });

  test('get a new time when their status changes, each for itself', () => {
    const failed = conditionsOf(verdict('Unavailable'), undefined, 1, [], at(first));
    const stalled = conditionsOf(verdict('UserNotFound'), undefined, 1, failed, at(later));
    expect(stalled.map((each) => [each.type, each.lastTransitionTime])).toEqual([
      ['Ready', first],
      ['Stalled', later],
    ]);
    expect(ready(conditionsOf(verdict('BuyerAssigned'), undefined, 1, failed, at(later)))?.lastTransitionTime).toBe(
      later,
    );
  });

  test('lose Stalled with its cause, and it comes back with a new time', () => {
    const stalled = conditionsOf(verdict('UserNotFound'), undefined, 1, [], at(first));
    const well = conditionsOf(verdict('BuyerAssigned'), undefined, 1, stalled, at(first));
    expect(well.map((each) => each.type)).toEqual(['Ready']);
    expect(conditionsOf(verdict('AccessDenied'), undefined, 1, well, at(later)).at(1)?.lastTransitionTime).toBe(later);
  });

  test('are the same for the same verdict: nothing to write', () => {
    const before = conditionsOf(verdict('BuyerAssigned'), undefined, 1, [], at(first));
    expect(conditionsOf(verdict('BuyerAssigned'), undefined, 1, before, at(later))).toEqual(before);
  });

  test("do not take over the time of the CRD's default, 1970, though its status is theirs", () => {
    const after = conditionsOf(verdict('Suspended'), undefined, 1, [pendingCondition], at(first));
    expect(ready(after)).toMatchObject({ status: 'Unknown', lastTransitionTime: first });
  });

  test('of another writer stay as they are, and cost no write', () => {
    const another: Condition = {
      type: 'example.com/Billed',
      status: 'True',
      reason: 'Paid',
      message: 'Paid.',
      lastTransitionTime: first,
    };
    const stalled = conditionsOf(verdict('UserNotFound'), undefined, 1, [another], at(first));
    expect(stalled.map((each) => each.type)).toEqual(['example.com/Billed', 'Ready', 'Stalled']);
    const well = conditionsOf(verdict('BuyerAssigned'), undefined, 1, stalled, at(later));
    expect(well.map((each) => each.type)).toEqual(['example.com/Billed', 'Ready']);
    expect(well[0]).toEqual(another);
    expect(conditionsOf(verdict('BuyerAssigned'), undefined, 1, well, at(later))).toEqual(well);
  });

  test('are written with whole seconds', () => {
    const conditions = conditionsOf(verdict('BuyerAssigned'), undefined, 1, [], at('2026-01-02T03:04:05.999Z'));
    expect(ready(conditions)?.lastTransitionTime).toBe(first);
  });
});

test('the reason of Ready is Pending where there is no such condition', () => {
  expect(conditionReason(undefined)).toBe('Pending');
  expect(conditionReason([])).toBe('Pending');
  expect(conditionReason([{ ...pendingCondition, type: 'Stalled', reason: 'X' }])).toBe('Pending');
  expect(conditionReason([{ ...pendingCondition, reason: 'Throttled' }])).toBe('Throttled');
});
