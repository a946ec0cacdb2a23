/**
 * A partner from nothing: `import` prints its users' objects, they are created, the operator makes them Ready, and `plan --cluster` says that nothing is left to do.
 * FLEET_USERS and FLEET_TENANTS make it as large as a partner is (30000 and 300: some minutes); the figures are printed.
 */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { until } from '../../sandbox/until.ts';
import { tenantUserUpsells } from '../../src/api/names.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createKubernetesClient } from '../../src/kubernetes/calls/http-client.ts';
import { pathOf } from '../../src/kubernetes/calls/resource.ts';
import { openConnection } from '../../src/kubernetes/connection/connection.ts';
import { command } from '../support/command.ts';
import { quietLog, quietMetrics } from '../support/quiet.ts';
import { World } from './world.ts';

const users = Number(process.env['FLEET_USERS'] ?? 600);
const tenants = Number(process.env['FLEET_TENANTS'] ?? 6);
/** Ten objects a second, on a machine that does other things too. */
const patienceMs = 60_000 + users * 100;
/** Creations in flight: kubectl makes one after the other. */
const maxInFlight = 16;

let world: World;
beforeAll(async () => {
  world = await World.start({
    sandbox: { seed: 16_050, users, tenants },
    flags: ['--drift-interval=15s', '--resync-interval=1h', '--log-level=warn'],
  });
});
afterAll(() => world[Symbol.asyncDispose]());

const run = async (...args: string[]) => {
  const began = performance.now();
  const ran = await command([...args, '-n', world.namespace], {
    env: {
      KUBECONFIG: inject('controlPlane').kubeconfig,
      ACRONIS_URL: world.acronis.url,
      ACRONIS_CLIENT_ID: world.acronis.clientId,
      ACRONIS_CLIENT_SECRET: world.acronis.clientSecret,
      ALLOW_INSECURE_ACRONIS: 'true',
    },
  });
  return { ...ran, seconds: (performance.now() - began) / 1_000 };
};

async function create(objects: readonly object[]): Promise<void> {
  const { kubeconfig } = inject('controlPlane');
  await using end = new AsyncDisposableStack();
  const connection = openConnection({ kubeconfig, env: {}, clock: systemClock, log: quietLog });
  end.defer(() => connection.close());
  const metrics = quietMetrics.kubernetes;
  const client = createKubernetesClient({ connection, clock: systemClock, userAgent: 'size', metrics });
  const path = pathOf(tenantUserUpsells, { namespace: world.namespace });
  const left = objects.values();
  const worker = async () => {
    for (const body of left)
      await client.request({ method: 'POST', path, body, discardResponse: true }, AbortSignal.timeout(patienceMs));
  };
  await Promise.all(Array.from({ length: maxInFlight }, worker));
}

const counts = async () => JSON.parse((await run('status', '-o', 'json')).stdout);

it(
  `of ${users} users in ${tenants} tenants all are imported and Ready, and then plan has nothing to do`,
  async () => {
    world.logOnFailure();
    const imported = await run('import', `--tenant=${world.acronis.cast.tenants.partner}`, '--role=any');
    expect(imported.exitCode).toBe(0);
    const objects = parseAllDocuments(imported.stdout).map((each) => world.own(each.toJS()));
    expect(objects.length).toBeGreaterThan(users / 3);
    const began = performance.now();
    await create(objects);
    const createdS = (performance.now() - began) / 1_000;
    // Those who cannot be buyers, such as disabled users, would be seen here.
    const seen = await until('all are Ready', counts, ({ ready }) => ready.true === objects.length, {
      withinMs: patienceMs,
      everyMs: 2_000,
    });
    const readyS = (performance.now() - began) / 1_000;
    expect(seen.objects).toBe(objects.length);
    world.acronis.ledger.reset();
    const planned = await run('plan', '--cluster', '-o', 'json');
    expect(planned.stderr).toBe('');
    const { summary, policies } = JSON.parse(planned.stdout);
    expect(summary).toMatchObject({ objects: objects.length, unchanged: objects.length, assign: 0, errors: 0 });
    expect(policies).toEqual([]);
    expect(planned.exitCode).toBe(0);
    const again = await run('import', `--tenant=${world.acronis.cast.tenants.partner}`, '--role=any');
    expect(again).toMatchObject({ exitCode: 0, stdout: '' });
    const figures = { objects: objects.length, importS: imported.seconds, createdS, readyS, planS: planned.seconds };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  },
  3 * patienceMs,
);
