/** The rights that only rare ways need. That every right of a release is needed by some test, and suffices for all, is what suite-audit.ts holds in the end. */
import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { startFaultyProxy } from '../../sandbox/faulty-proxy/proxy.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { until } from '../../sandbox/until.ts';
import { countIn } from '../support/log-count.ts';
import { upsell, World } from './world.ts';

const { kind: scope } = inject('rights');

it('an API server that does no streaming lists is listed in pages, with the right to list', async () => {
  const proxy = await startFaultyProxy({ controlPlane: inject('controlPlane'), random: seededRandom(1) });
  onTestFinished(() => proxy.stop());
  proxy.faults.add({ kind: 'status', status: 422, reason: 'Invalid', listsByStream: true });
  await using world = await World.start({ server: proxy.url });
  world.logOnFailure();
  const message = 'a streaming list did not work at this API server';
  // Each kind that is watched: objects, policies, accounts and, cluster-wide, namespaces.
  const kinds = scope === 'cluster' ? 4 : 3;
  await world.untilLogged(message, kinds);
  const { johnDoe } = world.acronis.cast;
  await world.upsell('john', { userID: johnDoe });
  await world.untilReason('john', 'BuyerAssigned');
  expect(countIn(world.log, message)).toBe(kinds);
});

it.runIf(scope === 'cluster')(
  'objects of other namespaces are served too; one whose namespace is deleted beneath it is not taken for one without a label',
  async () => {
    await using world = await World.start();
    world.logOnFailure();
    const { johnDoe } = world.acronis.cast;
    const elsewhere = `t-${randomBytes(4).toString('hex')}`;
    const ok = (args: readonly string[], body?: object) =>
      kubectlOk(inject('controlPlane'), args, body === undefined ? {} : { stdin: JSON.stringify(body) });
    await ok(['create', 'namespace', elsewhere]);
    await ok(['-n', elsewhere, 'apply', '-f', '-'], world.own(upsell('john', { userID: johnDoe })));
    await until('the type is assigned', () => world.isBuyer(johnDoe), Boolean);

    // No controller empties namespaces here: it is deleted, and the object stays behind.
    await ok(['delete', 'namespace', elsewhere, '--wait=false']);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: elsewhere }, spec: { finalizers: [] } };
    await ok(['replace', '--raw', `/api/v1/namespaces/${elsewhere}/finalize`, '-f', '-'], namespace);
    world.acronis.console.strip(johnDoe);
    await world.afterResync();
    expect(world.isBuyer(johnDoe)).toBe(false);
    expect(world.puts(johnDoe)).toBe(1);
  },
);
