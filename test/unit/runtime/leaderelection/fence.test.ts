import { expect, it, vi } from 'vitest';
import { LeaseLost } from '../../../../src/runtime/leaderelection/elector.ts';
import { createFence } from '../../../../src/runtime/leaderelection/fence.ts';

const fenced = () => {
  const onShut = vi.fn();
  const call = vi.fn(async (text: string, times: number) => text.repeat(times));
  const fence = createFence(onShut);
  return { fence, onShut, call, send: fence.before(call) };
};

it('is open where there is no lease, and while it is held', async () => {
  const { fence, send, onShut } = fenced();
  expect(await send('a', 2)).toBe('aa');
  fence.guard(() => true);
  expect(await send('b', 3)).toBe('bbb');
  expect(onShut).not.toHaveBeenCalled();
});

it('makes no call once the lease is no longer held, and says so once', async () => {
  const { fence, send, call, onShut } = fenced();
  fence.guard(() => false);
  await expect(send('a', 1)).rejects.toBeInstanceOf(LeaseLost);
  await expect(send('a', 1)).rejects.toBeInstanceOf(LeaseLost);
  expect(call).not.toHaveBeenCalled();
  expect(onShut).toHaveBeenCalledOnce();
});

it('stays shut for good: whoever lost the lease starts anew', async () => {
  const { fence, send, call } = fenced();
  let holds = false;
  fence.guard(() => holds);
  await expect(send('a', 1)).rejects.toBeInstanceOf(LeaseLost);
  holds = true;
  await expect(send('a', 1)).rejects.toBeInstanceOf(LeaseLost);
  expect(call).not.toHaveBeenCalled();
});
