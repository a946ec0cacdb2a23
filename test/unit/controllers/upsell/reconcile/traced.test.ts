import { beforeEach, expect, it } from 'vitest';
import type { Attributes, SpanStart, Tracer } from '../../../../../src/base/tracer.ts';
import { createTracedReconcile } from '../../../../../src/controllers/upsell/reconcile/traced.ts';
import type { Result } from '../../../../../src/runtime/controller/controller.ts';
import { answered, tenantId, userId } from '../fake-acronis.ts';
import { createWorld, type World } from '../world.ts';

let world: World;
let spans: string[];
let recorded: Attributes[];
/** Without the read of the namespace's label, which only this small world asks the API server for. */
const steps = () => spans.filter((name) => !name.endsWith('kubernetes GET'));
let reconcile: (key: string) => Promise<Result>;

beforeEach(() => {
  world = createWorld();
  spans = [];
  recorded = [];
  const tracer: Tracer = {
    async span<T>({ name, attributes }: SpanStart, run: (add: (more: Attributes) => void) => Promise<T>) {
      spans.push(name);
      recorded.push(attributes ?? {});
      try {
        return await run((more) => recorded.push(more));
      } finally {
        spans.push(`/${name}`);
      }
    },
    end: async () => {},
  };
  const traced = createTracedReconcile(world.context, tracer);
  reconcile = (key) => world.finish(traced(key, new AbortController().signal));
});

it('an assignment is a read, a PUT and a patch, one after the other, inside of the reconcile', async () => {
  world.acronis.add({ id: userId, version: 4 });
  const key = world.cluster.create({ userID: userId });
  expect(await reconcile(key)).toEqual({ kind: 'done' });
  expect(world.cluster.reason(key)).toBe('BuyerAssigned');
  const inner = ['read user', 'put user', 'patch status'].flatMap((name) => [name, `/${name}`]);
  expect(steps()).toEqual(['reconcile', ...inner, '/reconcile']);
  expect(recorded).toContainEqual({ 'upsell.revision.before': '4' });
  expect(recorded).toContainEqual({ 'upsell.revision.after': '5' });
  expect(recorded.at(-1)).toEqual({ 'upsell.result': 'done' });
});

it('a second reconcile writes nothing, so it has a read only', async () => {
  world.acronis.add({ id: userId });
  const key = world.cluster.create({ userID: userId });
  await reconcile(key);
  spans.length = 0;
  await reconcile(key);
  expect(steps()).toEqual(['reconcile', 'read user', '/read user', '/reconcile']);
});

it('a failure passes through as it is', async () => {
  world.acronis.add({ id: userId });
  world.acronis.always('get', () => {
    throw answered(503);
  });
  const key = world.cluster.create({ userID: userId });
  expect(await reconcile(key)).toMatchObject({ kind: 'retry' });
  expect(world.cluster.reason(key)).toBe('Unavailable');
});

it('no login and no name is in any of it', async () => {
  world.acronis.add({ id: userId, login: 'canary-login' });
  const key = world.cluster.create({ login: 'canary-login', tenantID: tenantId }, { name: 'canary-name' });
  await reconcile(key);
  expect(world.acronis.puts).toHaveLength(1);
  expect(spans).toContain('search user');
  expect(JSON.stringify([spans, recorded])).not.toContain('canary');
  expect(recorded[0]).toMatchObject({ 'k8s.namespace.name': 'customers', 'upsell.object.uid': 'uid-1' });
});
