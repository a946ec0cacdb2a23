import { expect, it, vi } from 'vitest';
import { LeaseLost } from '../../../../src/runtime/leaderelection/elector.ts';
import { createFence } from '../../../../src/runtime/leaderelection/fence.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { always } from '../../../support/signal.ts';
import { gateway } from '../../acronis/http/gateway.ts';
import { apiServer, connect, kubeconfigFile } from '../../kubernetes/support.ts';

const fenced = () => {
  const onShut = vi.fn();
  return { ...createFence(onShut), onShut };
};

it('is open where there is no lease, and while it is held', () => {
  const { guard, check, onShut } = fenced();
  check();
  guard(() => true);
  check();
  expect(onShut).not.toHaveBeenCalled();
});

it('holds calls back once the lease is no longer held, and says so once', () => {
  const { guard, check, onShut } = fenced();
  guard(() => false);
  expect(check).toThrow(LeaseLost);
  expect(check).toThrow(LeaseLost);
  expect(onShut).toHaveBeenCalledOnce();
});

it('stays shut for good: a process that lost the lease starts again', () => {
  const { guard, check } = fenced();
  let holds = false;
  guard(() => holds);
  expect(check).toThrow(LeaseLost);
  holds = true;
  expect(check).toThrow(LeaseLost);
});

/** A lease that can be counted on for ten seconds from now. */
function lease(clock: ManualClock) {
  const fence = fenced();
  const until = clock.now() + 10_000;
  fence.guard(() => clock.now() < until);
  return fence;
}

it('lets no status patch leave that waited for a connection while the process stalled', async () => {
  const held: (() => void)[] = [];
  const server = await apiServer((_request, response) => held.push(() => response.end('{"kind":"Thing"}')));
  const clock = new ManualClock();
  const { client } = connect(kubeconfigFile({ server: server.url, user: { token: 't' } }), clock);
  const { check, onShut } = lease(clock);
  const patch = () =>
    client.request({ method: 'PATCH', path: '/apis/g/v1/things/t/status', body: {}, beforeSend: check }, always());
  const inFlight = Array.from({ length: 16 }, patch);
  await vi.waitFor(() => expect(held).toHaveLength(16));
  const waiting = Promise.allSettled(Array.from({ length: 200 }, patch));

  clock.pause(11_000);
  for (const respond of held) respond();
  await Promise.all(inFlight);
  for (const end of await waiting) expect(end).toMatchObject({ status: 'rejected', reason: expect.any(LeaseLost) });
  expect(held, 'what the server was sent').toHaveLength(16);
  expect(onShut).toHaveBeenCalledOnce();
});

it('lets no PUT to Acronis leave that waited for a connection while the process stalled', async () => {
  const clock = new ManualClock();
  const { check } = lease(clock);
  const held: (() => void)[] = [];
  const handler = (_request: unknown, response: { end(): void }) => held.push(() => response.end());
  const { send, base } = await gateway(handler, clock, check);
  const sent: string[] = [];
  const put = (name: string) =>
    send({ method: 'PUT', url: `${base}/${name}`, headers: {}, onSent: () => sent.push(name) }, always());
  const inFlight = Array.from({ length: 8 }, (_, n) => put(`in-flight-${n}`));
  await vi.waitFor(() => expect(held).toHaveLength(8));
  const waiting = Promise.allSettled([put('waits'), put('waits-too')]);

  clock.pause(11_000);
  for (const respond of held) respond();
  await Promise.allSettled(inFlight);
  for (const end of await waiting) expect(end).toMatchObject({ status: 'rejected', reason: expect.any(LeaseLost) });
  expect(sent).toHaveLength(8);
});
