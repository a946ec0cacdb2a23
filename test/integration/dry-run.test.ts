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

it('a dry run says once which children a policy would make, and makes none', async () => {
  await using world = await World.start({ flags: ['--dry-run', '--resync-interval=5s'] });
  world.logOnFailure();
  const { companyAdmin, tenants } = world.acronis.cast;
  await world.apply({
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUpsellPolicy',
    metadata: { name: 'admins' },
    spec: { tenantID: tenants.partner },
  });
  const created = await world.ok('get', 'tup', 'admins', '-o', 'jsonpath={.metadata.resourceVersion}');
  const said = () => logLines(world.operator).filter(({ msg }) => msg === 'would make child');
  await until('what would be made is logged', said, (lines) =>
    lines.some(({ object }) => object === `${world.namespace}/u-${companyAdmin}`),
  );
  const first = said().length;
  expect(logLines(world.operator)).toContainEqual(
    expect.objectContaining({ msg: 'would report of the policy', reason: 'Progressing' }),
  );
  const passes = async () =>
    Number(
      /acronis_upsell_policy_pass_seconds_count\{result="complete"\} (\d+)/.exec(
        await (await fetch(world.operator.metrics)).text(),
      )?.[1] ?? 0,
    );
  // All users are listed again, and nothing is said again.
  const before = await passes();
  await until('two more passes', passes, (count) => count >= before + 2, { withinMs: 60_000 });
  expect(said()).toHaveLength(first);
  expect(await world.ok('get', 'tuu', '-o', 'name')).toBe('');
  expect(await world.ok('get', 'tup', 'admins', '-o', 'jsonpath={.metadata.resourceVersion}')).toBe(created);
  const metrics = await (await fetch(world.operator.metrics)).text();
  expect(metrics).toContain(`acronis_upsell_would_write_total{action="makeChild"} ${first}`);
});
