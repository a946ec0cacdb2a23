import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../../src/base/concurrency/semaphore.ts';
import { settle } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;

describe('the semaphore', () => {
  it('lets so many in, and the others in the order they came', async () => {
    const semaphore = new Semaphore(2);
    const inside: string[] = [];
    const enter = async (name: string) => {
      const leave = await semaphore.acquire(never);
      inside.push(name);
      return leave;
    };
    const [first, , third] = [enter('first'), enter('second'), enter('third'), enter('fourth')];
    await settle();
    expect(inside).toEqual(['first', 'second']);
    const leave = await first;
    leave?.();
    leave?.();
    await settle();
    expect(inside).toEqual(['first', 'second', 'third']);
    (await third)?.();
    await settle();
    expect(inside).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('forgets those who give up waiting', async () => {
    const semaphore = new Semaphore(1);
    const leave = await semaphore.acquire(never);
    const impatient = new AbortController();
    const waiting = semaphore.acquire(impatient.signal);
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(semaphore.acquire(impatient.signal)).rejects.toThrow('enough');
    leave();
    await semaphore.acquire(never);
  });
});
