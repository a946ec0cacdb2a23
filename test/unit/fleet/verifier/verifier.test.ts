import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { judgeOf } from '../../../../src/controllers/upsell/triggers/settled.ts';
import { ownSource } from '../../../../src/fleet/cache/objects.ts';
import { VerifierLane } from '../../../../src/fleet/verifier/lane.ts';
import { createVerifier, type Verifier } from '../../../../src/fleet/verifier/verifier.ts';
import type { Priority } from '../../../../src/runtime/workqueue/queue.ts';
import { answered, type Fault } from '../../controllers/upsell/fake-acronis.ts';
import { createWorld, ownValues, type World } from '../../controllers/upsell/world.ts';

let world: World;
let verifier: Verifier;
let queued: [key: string, priority: Priority][];
let stop: AbortController;
let ended: Promise<void>;

beforeEach(() => {
  world = createWorld();
  queued = [];
  stop = new AbortController();
  verifier = createVerifier({
    ...world.context,
    judge: judgeOf(world.context),
    queue: { add: (key, priority) => void queued.push([key, priority]) },
  });
  ended = verifier.run(stop.signal);
  onTestFinished(async () => {
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await ended;
    expect(world.clock.timers).toBe(0);
  });
});

const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** So many objects that are Ready, with the users they name. */
async function settled(count: number, spec: Record<string, unknown> = {}): Promise<string[]> {
  const keys: string[] = [];
  for (let n = 1; n <= count; n++) {
    world.acronis.add({ id: idOf(n), business_types: ['buyer'] });
    const key = world.cluster.create({ userID: idOf(n), ...spec }, { name: `object-${n}` });
    await world.reconcile(key);
    keys.push(key);
  }
  world.acronis.requests.length = 0;
  return keys;
}

const verify = async (keys: readonly string[], ms = 1_000) => {
  for (const key of keys) verifier.add(key, 'resync');
  await world.clock.advance(ms);
};

describe('settled objects', () => {
  it('are verified by the hundred, without a reconcile of their own and without a write', async () => {
    const keys = await settled(250);
    const patches = world.cluster.patches.length;
    await verify(keys);
    expect(world.acronis.count('batch')).toBe(3);
    expect(world.acronis.count('get')).toBe(0);
    expect(queued).toEqual([]);
    expect(world.cluster.patches.length).toBe(patches);
  });

  it('whose user lost the type, or has another revision, go to the queue', async () => {
    const keys = await settled(3);
    const [first, second] = [...world.acronis.users.values()];
    if (first === undefined || second === undefined) throw new Error('there are users');
    first.business_types = [];
    second.version++;
    await verify(keys);
    expect(queued).toEqual([
      [keys[0], 'resync'],
      [keys[1], 'resync'],
    ]);
  });

  it('whose user is gone go to the queue, where the response says why', async () => {
    const keys = await settled(2);
    world.acronis.users.delete(idOf(2));
    await verify(keys);
    expect(queued).toEqual([[keys[1], 'resync']]);
  });

  it('of a namespace whose label forbids them by now go to the queue', async () => {
    const keys = await settled(1);
    const { namespace } = world.cluster.object(keys[0] ?? '');
    world.context.namespaces.upsert({ key: namespace, namespace: '', tenantId: idOf(999), labels: { bound: 'yes' } });
    await verify(keys);
    expect(queued).toEqual([[keys[0], 'resync']]);
  });

  it('that are deleted or changed before their turn are left to the queue or dropped', async () => {
    const keys = await settled(2);
    for (const key of keys) verifier.add(key, 'resync');
    world.cluster.edit(keys[0] ?? '', { userID: idOf(1), suspend: true });
    world.cluster.delete(keys[1] ?? '');
    await world.clock.advance(1_000);
    expect(queued).toEqual([[keys[0], 'resync']]);
    expect(world.acronis.requests).toEqual([]);
  });
});

describe('everything else', () => {
  it('goes to the queue immediately: what is urgent, and what is not settled', async () => {
    const [key = ''] = await settled(1);
    const fresh = world.cluster.create({ userID: idOf(7) }, { name: 'fresh' });
    verifier.add(key, 'change');
    verifier.add(fresh, 'resync');
    expect(queued).toEqual([
      [key, 'change'],
      [fresh, 'resync'],
    ]);
  });
});

describe('what spoils one read', () => {
  it('is forgotten after an hour, so that nothing is left of an account that is not used any more', async () => {
    const [key = ''] = await settled(1);
    const read = await world.context.sources.read(ownSource, stop.signal);
    if (read.kind !== 'found') throw new Error('there are credentials');
    const lane = new VerifierLane(
      {
        ...world.context,
        judge: judgeOf(world.context),
        queue: { add: (queuedKey, priority) => void queued.push([queuedKey, priority]) },
        credentials: read.credentials,
        onElsewhere: () => {},
      },
      stop.signal,
    );
    world.acronis.always('get', () => {
      throw answered(500);
    });
    const object = world.context.fleet.get(key);
    if (object === undefined) throw new Error('there is one');
    lane.add(object);
    await world.clock.advance(60_000);
    expect(queued).toEqual([[key, 'resync']]);
    expect(lane.isEmpty, 'it is read alone for a while').toBe(false);
    await world.clock.advance(60 * 60_000);
    expect(lane.isEmpty).toBe(true);
  });

  it('is one user: its 99 neighbours are verified within minutes, and from then on without it', async () => {
    const keys = await settled(100);
    const asked: string[][] = [];
    const spoilt: Fault = (apply, { url }) => {
      asked.push(new URL(url).searchParams.get('uuids')?.split(',') ?? []);
      if (url.includes(idOf(42))) throw answered(500);
      return apply();
    };
    world.acronis.always('batch', spoilt);
    world.acronis.always('get', spoilt);
    await verify(keys, 5 * 60_000);
    expect(queued).toEqual([[keys[41], 'resync']]);
    const verified = new Set(asked.filter((ids) => !ids.includes(idOf(42))).flat());
    expect(verified.size).toBe(99);
    expect(asked.length, 'two tries, and halves of halves').toBeLessThan(20);
    asked.length = 0;
    await verify(keys, 5 * 60_000);
    expect(asked.map((ids) => ids.length)).toEqual([99]);
    expect(queued.map(([key]) => key)).toEqual([keys[41], keys[41]]);
  });

  it('is a namespace that cannot be read, or hangs: only its own object waits', async () => {
    const keys = await settled(3);
    const judge = judgeOf(world.context);
    const guarded = createVerifier({
      ...world.context,
      judge: {
        ...judge,
        isAsReported: async (object, user, _account, signal) => {
          if (object.key === keys[0]) throw new Error('HTTP 500');
          if (object.key === keys[1]) await world.clock.sleep(1_000_000, signal);
          return user.id !== idOf(3);
        },
      },
      queue: { add: (key, priority) => void queued.push([key, priority]) },
    });
    const running = guarded.run(stop.signal);
    for (const key of keys) guarded.add(key, 'resync');
    await world.clock.advance(1_000);
    expect(queued).toEqual([[keys[2], 'resync']]);
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await running;
  });
});

describe('accounts', () => {
  it('are verified apart: one that does not respond holds up no other', async () => {
    const ours = await settled(150);
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'theirs' });
    const theirs: string[] = [];
    for (let n = 1_001; n <= 1_400; n++) {
      world.acronis.add({ id: idOf(n), business_types: ['buyer'] });
      const spec = { userID: idOf(n), credentialsSecretRef: { name: 'theirs' } };
      const key = world.cluster.create(spec, { name: `theirs-${n}` });
      await world.reconcile(key);
      theirs.push(key);
    }
    world.acronis.requests.length = 0;
    const verified: string[] = [];
    world.acronis.always('batch', async (apply, { url }) => {
      const ids = new URL(url).searchParams.get('uuids')?.split(',') ?? [];
      if (ids.some((id) => id > idOf(1_000))) await new Promise(() => {});
      verified.push(...ids);
      return apply();
    });
    await verify([...theirs, ...ours]);
    expect(verified).toHaveLength(150);
    expect(queued).toEqual([]);
  });

  it('known from several Secrets are one: their objects travel in the same reads, and no more reads are in flight than for one Secret', async () => {
    const keys: string[] = [];
    for (let n = 1; n <= 400; n++) {
      const namespace = `team-${n % 4}`;
      world.cluster.namespaces.set(namespace, {});
      world.cluster.secrets.set(`${namespace}/shared`, { ...ownValues, clientID: 'shared' });
      world.acronis.add({ id: idOf(n), business_types: ['buyer'] });
      const spec = { userID: idOf(n), credentialsSecretRef: { name: 'shared' } };
      const key = world.cluster.create(spec, { name: `object-${n}`, namespace });
      await world.reconcile(key);
      keys.push(key);
    }
    world.acronis.requests.length = 0;
    await verify(keys);
    expect(world.acronis.count('batch')).toBe(4);

    world.acronis.requests.length = 0;
    world.acronis.always('batch', () => new Promise(() => {}));
    await verify(keys);
    expect(world.acronis.count('batch')).toBe(3);
    expect(queued).toEqual([]);
  });

  it('whose Secret cannot be read wait for it, and hold up no other', async () => {
    const ours = await settled(3);
    world.cluster.secrets.set('customers/theirs', { ...ownValues, clientID: 'theirs' });
    const theirs = world.cluster.create(
      { userID: idOf(4), credentialsSecretRef: { name: 'theirs' } },
      { name: 'theirs' },
    );
    world.acronis.add({ id: idOf(4), business_types: ['buyer'] });
    await world.reconcile(theirs);
    world.acronis.requests.length = 0;
    const { sources } = world.context;
    let readable = false;
    const reading = createVerifier({
      ...world.context,
      judge: judgeOf(world.context),
      sources: {
        latest: (source) => sources.latest(source),
        read: async (source, signal) => {
          if (source !== '' && !readable) throw new Error('HTTP 500');
          return await sources.read(source, signal);
        },
      },
      queue: { add: (key, priority) => void queued.push([key, priority]) },
    });
    const running = reading.run(stop.signal);
    for (const key of [theirs, ...ours]) reading.add(key, 'resync');
    await world.clock.advance(1_000);
    expect(world.acronis.count('batch'), 'ours').toBe(1);
    readable = true;
    await world.clock.advance(40_000);
    expect([world.acronis.count('batch'), world.acronis.count('get')], 'theirs').toEqual([1, 1]);
    expect(queued).toEqual([]);
    stop.abort(new Error('stop'));
    await world.clock.advance(0);
    await running;
  });
});

describe('where Acronis cannot be asked', () => {
  it('the objects wait, keep what is known of them, and are asked for again', async () => {
    const keys = await settled(3);
    world.acronis.always('batch', () => {
      throw answered(503);
    });
    await verify(keys);
    expect(queued).toEqual([]);
    expect(world.acronis.count('batch')).toBe(1);
    world.acronis.always('batch', undefined);
    await world.clock.advance(40_000);
    expect(world.acronis.count('batch')).toBe(2);
    expect(queued).toEqual([]);
  });

  it('a refusal of the whole read sends each object to the queue, since one of them may be the reason', async () => {
    const keys = await settled(2);
    world.acronis.always('batch', () => {
      throw answered(403);
    });
    await verify(keys);
    expect(queued.map(([key]) => key)).toEqual(keys);
  });

  it('missing credentials send them to the queue, where each says so', async () => {
    const keys = await settled(1, {});
    const elsewhere = createWorld({ own: { kind: 'environment', values: {} } });
    const other = createVerifier({
      ...world.context,
      judge: judgeOf(world.context),
      sources: elsewhere.context.sources,
      queue: { add: (key, priority) => void queued.push([key, priority]) },
    });
    const running = other.run(stop.signal);
    for (const key of keys) other.add(key, 'resync');
    await world.clock.advance(1_000);
    expect(queued).toEqual([[keys[0], 'resync']]);
    stop.abort(new Error('stop'));
    await running;
  });
});
