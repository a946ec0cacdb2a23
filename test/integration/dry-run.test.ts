import { expect, it } from 'vitest';
import { logLines } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

it('a dry run says once what it would write, and writes nothing to either side but the lease', async () => {
  await using world = await World.start({ flags: ['--dry-run'] });
  world.logOnFailure();
  const { johnDoe, buyer } = world.acronis.cast;
  await world.upsell('john', { userID: johnDoe, deletionPolicy: 'Revoke' });
  await world.upsell('buyer', { userID: buyer });
  const created = await world.get('john');
  const said = () => logLines(world.operator).filter(({ msg }) => msg.startsWith('would '));
  await until('what would be written is logged', said, (lines) => lines.length >= 2);
  // What was said of an object is not said again.
  await world.afterResync();
  expect(said().map(({ msg, object }) => [msg, object])).toEqual([
    ['would add the finalizer', `${world.namespace}/john`],
    ['would assign', `${world.namespace}/john`],
  ]);
  const metrics = await (await fetch(world.operator.metrics)).text();
  expect(metrics).toContain('acronis_upsell_would_write_total{action="assign"} 1');
  expect(world.puts(johnDoe)).toBe(0);
  expect(world.isBuyer(johnDoe)).toBe(false);
  expect((await world.get('john'))?.metadata.resourceVersion).toBe(created?.metadata.resourceVersion);
  expect(await world.events('john')).toEqual([]);
  // The lease is taken: another replica waits.
  expect(world.log).toContain('became leader');
});
