import { beforeEach, describe, expect, it } from 'vitest';
import { createCircuit } from '../../../../src/acronis/limits/circuit.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { acronisFailure, refused } from '../support.ts';

const down = () => Promise.reject(refused('unavailable', { detail: 'ECONNRESET' }));
const up = () => Promise.resolve('response');

describe('the circuit of an account', () => {
  let clock: ManualClock;
  let reported: string[];
  let circuit: ReturnType<typeof createCircuit>;
  beforeEach(() => {
    clock = new ManualClock();
    reported = [];
    circuit = createCircuit({
      clock,
      random: () => 0,
      onOpen: (_, ms) => reported.push(`open ${ms}`),
      onClose: () => reported.push('closed'),
    });
  });
  const fail = async (times: number) => {
    for (let i = 0; i < times; i++) await acronisFailure(circuit.run(down));
  };

  it('opens after five consecutive calls without a response, and then fails immediately with the time to the next try', async () => {
    await fail(4);
    expect(circuit.isOpen).toBe(false);
    await fail(1);
    expect(reported).toEqual(['open 5000']);
    let asked = 0;
    const error = await acronisFailure(circuit.run(async () => asked++));
    expect(asked).toBe(0);
    expect(error).toMatchObject({ kind: 'unavailable', outcomeUnknown: false, retryAfterMs: 5_000 });
    expect(error.message).toBe(refused('unavailable').message);
  });

  it('stays closed while there is any response in between, even a refusal', async () => {
    for (let i = 0; i < 10; i++) {
      await fail(4);
      if (i % 2 === 0) await circuit.run(up);
      else await acronisFailure(circuit.run(() => Promise.reject(refused('notFound', { status: 404 }))));
    }
    expect(circuit.isOpen).toBe(false);
  });

  describe("with failures that may be one user's", () => {
    const ofUser = (user: string) =>
      acronisFailure(circuit.run(() => Promise.reject(refused('unavailable', { status: 500, scope: 'user' })), user));

    it('stays closed however often one user fails', async () => {
      for (let i = 0; i < 100; i++) await ofUser('a');
      expect(circuit.isOpen).toBe(false);
    });

    it('opens when it repeats for five users and none is served in between', async () => {
      for (const user of ['a', 'b', 'c', 'd']) await ofUser(user);
      await circuit.run(up, 'e');
      for (const user of ['a', 'b', 'c', 'd']) await ofUser(user);
      expect(circuit.isOpen).toBe(false);
      await ofUser('f');
      expect(circuit.isOpen).toBe(true);
    });

    it('is not kept open by a user who failed before: another one shows whether Acronis responds', async () => {
      for (const user of ['a', 'b', 'c', 'd', 'e']) await ofUser(user);
      await clock.advance(5_000);
      expect(await acronisFailure(circuit.run(up, 'a'))).toMatchObject({ retryAfterMs: 5_000 });
      expect(await circuit.run(up, 'f')).toBe('response');
      expect(circuit.isOpen).toBe(false);
    });

    it('closes by a user who failed before where there is no other', async () => {
      for (const user of ['a', 'b', 'c', 'd', 'e']) await ofUser(user);
      await clock.advance(10_000);
      await ofUser('a');
      expect((await acronisFailure(circuit.run(up, 'b'))).retryAfterMs).toBe(5_000);
      await clock.advance(5_000);
      expect(await circuit.run(up, 'b')).toBe('response');
      expect(reported).toEqual(['open 5000', 'closed']);
    });
  });

  it('lets one call through when the time is over, and closes with its response', async () => {
    await fail(5);
    await clock.advance(5_000);
    const slow = Promise.withResolvers<string>();
    const probe = circuit.run(() => slow.promise);
    expect(await acronisFailure(circuit.run(up))).toMatchObject({ retryAfterMs: 1_000 });
    slow.resolve('response');
    expect(await probe).toBe('response');
    expect(await circuit.run(up)).toBe('response');
    expect(reported).toEqual(['open 5000', 'closed']);
  });

  it('waits twice as long after each try that fails, a minute at most, and logs it once', async () => {
    await fail(5);
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      const { retryAfterMs } = await acronisFailure(circuit.run(up));
      waits.push(retryAfterMs);
      await clock.advance(retryAfterMs ?? 0);
      await fail(1);
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    expect(reported).toEqual(['open 5000']);
  });

  it('is not held by a try that was aborted', async () => {
    await fail(5);
    await clock.advance(5_000);
    await expect(circuit.run(() => Promise.reject(new Error('stopped')))).rejects.toThrow('stopped');
    expect(await circuit.run(up)).toBe('response');
  });

  it('does not count what was in flight when it opened', async () => {
    const late = Promise.withResolvers<string>();
    const calls = [1, 2, 3].map(() => acronisFailure(circuit.run(() => late.promise)));
    await fail(5);
    late.reject(refused('unavailable'));
    await Promise.all(calls);
    expect(await acronisFailure(circuit.run(up))).toMatchObject({ retryAfterMs: 5_000 });
  });
});
