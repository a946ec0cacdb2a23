import { expect, it } from 'vitest';
import { createFlows } from '../../../src/fleet/flows.ts';

it.each([
  ['as many as its account takes', 8, false, 8],
  ['no more than keep a busy API server busy', 64, true, 32],
  ['as many as its account takes, of a busy API server', 8, true, 8],
  ['no limit while its account is not known', Number.POSITIVE_INFINITY, false, Number.POSITIVE_INFINITY],
])('the room of a flow is %s', (_, account, busy, room) => {
  const flows = createFlows({
    objects: new Map(),
    sources: { lastGood: () => undefined },
    accounts: { of: () => expect.unreachable(), roomOf: () => account },
    isServerBusy: () => busy,
  });
  expect(flows.roomOf('flow')).toBe(room);
});
