/** One fault of each kind on either side, against the real API server; the whole matrix is `npm run test:faults`. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Cell, cells } from '../faults/cells.ts';
import { Cluster } from '../faults/cluster.ts';
import { FaultWorld } from '../faults/fault-world.ts';
import { complaint, isBad } from '../faults/result.ts';
import { runCell } from '../faults/run-cells.ts';

/** Those that take no time-out to pass. */
const quick: Readonly<Record<Cell['side'], readonly string[]>> = {
  kubernetes: [
    'list, cut in the answer',
    'watch, 410',
    'watch, ends at once',
    'watch, cut in a line',
    'watch, garbage line',
    'watch, event twice',
    'watch, event lost, 410',
    'watch, line of 1 MB',
    'status, cut after',
    'status, other JSON',
    'object, 409',
    'lease, 500 after',
    'secret, 429 in seconds',
  ],
  acronis: [
    'token, 503 with Retry-After',
    'read, half a JSON',
    'putUser, cut after',
    'putUser, 500 after',
    'putUser, rival writes types',
    'putUser, body of 16 MB',
    'feed, 500 html',
  ],
};

describe.each(['kubernetes', 'acronis'] as const)('a fault towards %s', (side) => {
  let cluster: Cluster;
  let world: FaultWorld;
  beforeAll(async () => {
    const controlPlane = inject('controlPlane');
    cluster = await Cluster.to(controlPlane);
    world = await FaultWorld.make({ controlPlane, cluster, seed: 1, users: 900 });
    await world.start(await world.proxy());
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await cluster.close();
  });

  it.each(quick[side].map((title, round) => ({ title, round })))(
    '$title: nothing is lost, doubled or stuck',
    async ({ title, round }) => {
      const cell = cells.find((each) => each.side === side && `${each.moment}, ${each.name}` === title);
      if (cell === undefined) throw new Error(`There is no cell ${title}.`);
      const result = await runCell(once(cell), round, world, { patienceMs: 30_000, quietMs: 300 });
      world.clearFaults();
      await world.workload.clear();
      expect(isBad(result), complaint(result)).toBe(false);
      expect(result.faults).toBeGreaterThan(0);
    },
  );

  it('and told to stop then, the operator exits 0 with the lease given back', async () => {
    expect(await world.stop()).toEqual([]);
  });
});

/** Strikes once: each further time costs a longer backoff. */
const once = (cell: Cell): Cell =>
  cell.side === 'kubernetes'
    ? { ...cell, fault: { ...cell.fault, times: 1 } }
    : { ...cell, fault: { ...cell.fault, times: 1 } };
