import { expect, it } from 'vitest';
import { createWritesInFlight } from '../../../../src/fleet/status/writes-in-flight.ts';

const noLimit = Number.POSITIVE_INFINITY;

it('an account has room for 32 objects while sixteen of its statuses are being written, and no other account has less', () => {
  let account = 'slow';
  const writes = createWritesInFlight(() => account);
  const ends = Array.from({ length: 15 }, () => writes.begin('x'));
  expect(writes.roomOf('slow')).toBe(noLimit);
  ends.push(writes.begin('x'));
  expect(writes.roomOf('slow')).toBe(32);
  account = 'other';
  const endOther = writes.begin('y');
  expect(writes.roomOf('other')).toBe(noLimit);
  // It ends where it began, whosever the key is by now.
  for (const end of ends) end();
  expect([writes.roomOf('slow'), writes.roomOf('other')]).toEqual([noLimit, noLimit]);
  endOther();
  for (let write = 0; write < 16; write++) writes.begin('y');
  expect(writes.roomOf('other')).toBe(32);
});
