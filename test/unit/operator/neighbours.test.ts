/** What one account suffers costs another one no time: row D8 of the faults that were found, with its numbers. */

import { afterEach, expect, it } from 'vitest';
import { connectTriggers } from '../../../src/controllers/upsell/triggers/triggers.ts';
import { createPolicyStore } from '../../../src/fleet/cache/policies.ts';
import { createFlows } from '../../../src/fleet/flows.ts';
import { createAccountLoops } from '../../../src/operator/account-loops.ts';
import { runAll } from '../../../src/operator/loops.ts';
import { createUpsellController } from '../../../src/operator/upsell-controller.ts';
import { WorkQueue } from '../../../src/runtime/workqueue/queue.ts';
import { quietMetrics } from '../../support/quiet.ts';
import { createWorld, ownValues, type World, type WorldOptions } from '../controllers/upsell/world.ts';

let end: (() => Promise<void>) | undefined;
afterEach(async () => await end?.());

const idOf = (n: number) => `1c234e69-5469-424a-a6d1-${String(n).padStart(12, '0')}`;
const ours = idOf(1);

function running(options: WorldOptions): World {
  const world = createWorld(options);
  const { clock, context } = world;
  const stop = new AbortController();
  const accountLoops = createAccountLoops({
    ...context,
    policies: createPolicyStore(context.log),
    driftIntervalMs: 15_000,
  });
  const flows = createFlows({ ...context, objects: context.fleet });
  const controller = createUpsellController({
    context,
    queue: new WorkQueue({
      clock,
      random: () => 0,
      metrics: quietMetrics.queue,
      maxInFlight: 64,
      flowOf: flows.flowOf,
      room: flows.roomOf,
    }),
    triggers: (verifier) => connectTriggers({ ...context, verifier }),
    accountLoops,
    brands: world.brands,
    brandIntervalMs: 600_000,
    driftIntervalMs: 15_000,
    resyncIntervalMs: 3_600_000,
    controllerMetrics: quietMetrics.controller,
    hardStop: stop.signal,
  });
  const ended = runAll([controller, ...accountLoops.loops], stop.signal);
  end = async () => {
    stop.abort(new Error('stop'));
    await clock.advance(0);
    await ended;
  };
  return world;
}

/** How long a new object of ours takes to be Ready, in milliseconds. */
async function timeToReady(world: World): Promise<number> {
  world.acronis.add({ id: ours });
  const { clock, cluster } = world;
  const key = cluster.create({ userID: ours }, { name: 'ours' });
  const since = clock.now();
  await clock.until(() => cluster.reason(key) === 'BuyerAssigned', 3_600_000);
  return clock.now() - since;
}

it.each([
  ['500 objects of another account that takes 10 s for a PUT', 500, {}, 10_000],
  ['1,000 objects of another account that may make one request a second', 1_000, { rate: 1 }, 0],
] as const)('beside %s, a new object is Ready as fast as alone', async (_, count, options, putMs) => {
  const alone = await timeToReady(running(options));
  await end?.();
  const world = running(options);
  world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'theirs' });
  world.acronis.always('put', async (apply, { url }) => {
    if (!url.endsWith(ours)) await world.clock.sleep(putMs, new AbortController().signal);
    return apply();
  });
  for (let n = 1; n <= count; n++) {
    world.acronis.add({ id: idOf(1_000 + n) });
    world.cluster.create(
      { userID: idOf(1_000 + n), credentialsSecretRef: { name: 'theirs' } },
      { name: `theirs-${n}` },
    );
  }
  await world.clock.advance(20_000);
  const waiting = () => [...world.fleet.keys()].filter((key) => world.cluster.reason(key) !== 'BuyerAssigned').length;
  expect(waiting(), 'most of theirs wait').toBeGreaterThan(count * 0.9);
  expect(await timeToReady(world)).toBeLessThanOrEqual(Math.max(1.2 * alone, alone + 50));
});
