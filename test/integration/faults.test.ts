/**
 * One fault of each kind on either side, against the real API server; the whole matrix is `npm run test:faults`. A world's waits grow with each failure of
 * the same kind, so the faults of watches have a world each, and the worlds run side by side.
 */
import { describe, expect, inject, it } from 'vitest';
import { type Cell, cells } from '../faults/cells.ts';
import { Cluster } from '../faults/cluster.ts';
import { FaultWorld } from '../faults/fault-world.ts';
import { complaint, isBad, titleOf } from '../faults/result.ts';
import { runCell } from '../faults/run-cells.ts';

/** By world, in their order. None needs a time-out to pass: what hangs here are calls that no caller waits for. */
const worlds: readonly (readonly string[])[] = [
  ['kubernetes, list, cut in the response', 'kubernetes, status, other JSON', 'kubernetes, object, 409'],
  ['kubernetes, watch, 410', 'kubernetes, lease, 500 after', 'kubernetes, status, cut after'],
  ['kubernetes, watch, ends immediately', 'kubernetes, secret, 429 in seconds'],
  ['kubernetes, watch, cut in a line', 'kubernetes, watch, event twice'],
  ['kubernetes, watch, event lost, 410', 'kubernetes, watch, line of 1 MB'],
  ['kubernetes, watch, garbage line', 'kubernetes, event, half-open'],
  ['acronis, token, 503 with Retry-After', 'acronis, read, half a JSON', 'acronis, putUser, body of 16 MB'],
  ['acronis, putUser, cut after', 'acronis, putUser, 500 after', 'acronis, putUser, other writer: types'],
  ['acronis, feed, 500 html', 'acronis, feed, hang before'],
];

describe('nothing is lost, doubled or stuck, and on SIGTERM the operator exits 0 with the lease released', () => {
  it.concurrent.each(worlds.map((titles) => ({ name: titles.join(' | '), titles })))(
    '$name',
    async ({ titles }) => {
      const controlPlane = inject('controlPlane');
      const cluster = await Cluster.to(controlPlane);
      await using end = new AsyncDisposableStack();
      end.defer(() => cluster.close());
      await using world = await FaultWorld.make({
        controlPlane,
        cluster,
        seed: 1,
        users: 60 * titles.length,
      });
      await world.start(await world.proxy());
      for (const [round, title] of titles.entries()) {
        const cell = cells.find((each) => titleOf(each) === title);
        if (cell === undefined) throw new Error(`There is no cell ${title}.`);
        const result = await runCell(once(cell), round, world, { patienceMs: 30_000, quietMs: 300 });
        world.clearFaults();
        await world.workload.clear();
        expect(isBad(result), complaint(result)).toBe(false);
        expect(result.faults).toBeGreaterThan(0);
      }
      expect(await world.stop()).toEqual([]);
    },
    120_000,
  );
});

/** Strikes once: each further time costs a longer backoff. */
const once = (cell: Cell): Cell =>
  cell.side === 'kubernetes'
    ? { ...cell, fault: { ...cell.fault, times: 1 } }
    : { ...cell, fault: { ...cell.fault, times: 1 } };
