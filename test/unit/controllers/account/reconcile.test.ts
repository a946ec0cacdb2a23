/** An account's reconcile, with the real client of Acronis over a fake network, and a fake API server. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type AcronisAccount, transformAccount } from '../../../../src/api/account/object.ts';
import { accountStatusDefault } from '../../../../src/api/account/status.ts';
import { acronisAccounts } from '../../../../src/api/names.ts';
import { createAccountReconcile } from '../../../../src/controllers/account/reconcile.ts';
import { PrunedFields } from '../../../../src/fleet/status/pruned-fields.ts';
import type { KubernetesCall } from '../../../../src/kubernetes/calls/client.ts';
import { answered, page, tenantId } from '../upsell/fake-acronis.ts';
import { accountNamespace, createWorld, ownValues, type World } from '../upsell/world.ts';

const key = `${accountNamespace}/eu2`;
const driftIntervalMs = 15_000;
let world: World;
let patches: KubernetesCall[];
let pruned: PrunedFields;
let status: Record<string, unknown>;
let revision: number;
/** Fields of the status that the CRD lacks. */
const prunes = new Set<string>();
let reconcile: () => Promise<unknown>;

/** What the watch brings after an edit or a patch. */
function stored(spec: object = {}): AcronisAccount {
  const metadata = {
    namespace: accountNamespace,
    name: 'eu2',
    uid: 'uid',
    resourceVersion: `${++revision}`,
    generation: 1,
  };
  const made = transformAccount({ metadata, spec: { credentialsSecretRef: { name: 'eu2' }, ...spec }, status });
  if (made === undefined) throw new Error('it is an account');
  world.context.accountObjects.store.upsert(made);
  return made;
}

function patched(call: KubernetesCall): void {
  patches.push(call);
  const [test, ...changes] = Array.isArray(call.body) ? call.body : [];
  expect(test).toEqual({ op: 'test', path: '/metadata/uid', value: 'uid' });
  for (const { op, path, value } of changes) {
    const field = String(path).slice('/status/'.length);
    if (op === 'remove') delete status[field];
    else status[field] = value;
  }
  for (const field of prunes) delete status[field];
  stored();
}

beforeEach(() => {
  world = createWorld();
  world.cluster.secrets.set(key, ownValues);
  patches = [];
  prunes.clear();
  revision = 0;
  status = { ...accountStatusDefault };
  const { context } = world;
  pruned = new PrunedFields({ resource: acronisAccounts, clock: world.clock, log: world.log });
  const run = createAccountReconcile({
    ...context,
    pruned,
    client: {
      ...context.client,
      request: async (call, signal) => {
        if (call.method !== 'PATCH') return await context.client.request(call, signal);
        patched(call);
        return { metadata: { uid: 'uid' }, status };
      },
    },
    driftIntervalMs,
  });
  reconcile = () => world.finish(run(key, new AbortController().signal));
  stored();
});

const reasons = () =>
  Object.fromEntries(
    (world.context.accountObjects.get('eu2')?.status.conditions ?? []).map(({ type, reason }) => [type, reason]),
  );
/** The feed is polled as the change bus does. */
async function poll(): Promise<void> {
  const read = await world.context.sources.read('account:eu2', new AbortController().signal);
  if (read.kind !== 'found') return;
  const { changes } = world.context.accounts.of(read.credentials);
  const pages = changes.poll(1, new AbortController().signal);
  const whole = async () => {
    for (;;) if ((await pages.next()).done === true) return;
  };
  await world.finish(whole().catch(() => {}));
}
const later = (ms: number) => world.clock.advance(ms);

it('an account that is served says so with its URL and tenant, once, and then nothing more', async () => {
  await reconcile();
  expect(reasons()).toEqual({ Ready: 'Connected' });
  await poll();
  await reconcile();
  expect(reasons()).toEqual({ Ready: 'Connected', ChangeFeed: 'Following' });
  expect(status).toMatchObject({ url: ownValues.url, tenantID: tenantId, observedGeneration: 1 });
  const [writes, requests] = [patches.length, world.acronis.requests.length];
  for (let time = 0; time < 20; time++) {
    await later(5_000);
    await reconcile();
  }
  expect(patches).toHaveLength(writes);
  expect(world.acronis.requests).toHaveLength(requests);
  expect(world.events.map(({ type, reason }) => `${type} ${reason}`)).toEqual(['Normal Connected']);
  expect(JSON.stringify(patches)).not.toMatch(/canary/);
});

it('a field that an older CRD lacks is named once, and written no more', async () => {
  prunes.add('tenantID');
  await reconcile();
  await poll();
  for (let time = 0; time < 5; time++) {
    await later(5_000);
    await reconcile();
    // As a relist brings it.
    stored();
  }
  const wrote = patches.filter(({ body }) => JSON.stringify(body).includes('/status/tenantID'));
  expect(wrote).toHaveLength(1);
  expect(reasons()).toEqual({ Ready: 'Connected', ChangeFeed: 'Following' });
  expect(world.log.lines.filter(({ message }) => message.includes('lacks a status field'))).toHaveLength(1);
  expect(pruned.note).toContain('the CRD of AcronisAccount in the cluster lacks status.tenantID;');
});

describe('an account', () => {
  it('whose own record alone cannot be read keeps no object from being served', async () => {
    world.acronis.always('client', () => {
      throw answered(500);
    });
    for (let time = 0; time < 20; time++) {
      await poll();
      await reconcile();
      await later(5_000);
    }
    expect(world.acronis.count('client')).toBeGreaterThan(10);
    expect(world.context.accounts.openCircuits).toBe(0);
  });

  it('without a Secret is Stalled, and Connected as soon as it is there', async () => {
    world.cluster.secrets.delete(key);
    await reconcile();
    expect(reasons()).toEqual({ Ready: 'CredentialsMissing', Stalled: 'CredentialsMissing', ChangeFeed: 'Refused' });
    world.cluster.secrets.set(key, ownValues);
    await later(30_000);
    await reconcile();
    await poll();
    await reconcile();
    expect(reasons()).toEqual({ Ready: 'Connected', ChangeFeed: 'Following' });
    expect(world.events.map(({ reason }) => reason)).toEqual([
      'CredentialsMissing',
      'Connected',
      'ChangeFeedFollowing',
    ]);
  });

  it('whose client is rejected says so, and is not asked at every reconcile', async () => {
    world.acronis.always('token', () => {
      throw answered(401, { error: 'invalid_client' });
    });
    for (let time = 0; time < 6; time++) {
      await reconcile();
      await later(4_000);
    }
    expect(reasons()['Ready']).toBe('CredentialsRejected');
    expect(world.acronis.tokenRequests).toHaveLength(1);
    expect(patches).toHaveLength(1);
  });

  it('whose feed alone is refused stays Connected, and is asked for its record once a minute', async () => {
    await reconcile();
    await poll();
    await reconcile();
    world.acronis.always('changes', () => {
      throw answered(403);
    });
    for (let time = 0; time < 8; time++) {
      await poll();
      await reconcile();
      await later(driftIntervalMs);
    }
    expect(reasons()).toEqual({ Ready: 'Connected', ChangeFeed: 'Refused' });
    expect(world.acronis.count('client')).toBeLessThanOrEqual(5);
    world.acronis.always('changes', undefined);
    await poll();
    await reconcile();
    expect(reasons()['ChangeFeed']).toBe('Following');
  });

  it('that does not respond is Unavailable, keeps its tenant, and comes back by itself', async () => {
    await reconcile();
    await poll();
    await reconcile();
    for (const operation of ['changes', 'client', 'token'] as const)
      world.acronis.always(operation, () => {
        throw page(502);
      });
    for (let time = 0; time < 4; time++) {
      await poll();
      await reconcile();
      await later(driftIntervalMs);
    }
    expect(reasons()).toEqual({ Ready: 'Unavailable', ChangeFeed: 'Refused' });
    expect(status['tenantID']).toBe(tenantId);
    for (const operation of ['changes', 'client', 'token'] as const) world.acronis.always(operation, undefined);
    await later(90_000);
    await poll();
    await reconcile();
    expect(reasons()).toEqual({ Ready: 'Connected', ChangeFeed: 'Following' });
  });

  it('whose stored spec breaks a rule says which', async () => {
    stored({ concurrency: 0 });
    await reconcile();
    expect(reasons()).toMatchObject({ Ready: 'InvalidSpec', Stalled: 'InvalidSpec' });
  });

  it('that is gone is forgotten', async () => {
    world.context.accountObjects.store.remove(key);
    expect(await reconcile()).toEqual({ kind: 'done' });
    expect(patches).toEqual([]);
  });
});
