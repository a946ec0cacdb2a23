import { beforeEach, expect, it } from 'vitest';
import { readOnly as readOnlySend } from '../../../../../src/acronis/http/read-only.ts';
import { HeldBack } from '../../../../../src/base/http/http.ts';
import { createDryRunReconcile } from '../../../../../src/controllers/upsell/reconcile/dry-run.ts';
import { readOnly as readOnlyClient } from '../../../../../src/kubernetes/calls/read-only.ts';
import { otherUserId, userId } from '../fake-acronis.ts';
import { createWorld, type World } from '../world.ts';

let world: World;
let counted: string[];
let run: (key: string) => Promise<unknown>;
beforeEach(() => {
  world = createWorld();
  counted = [];
  const metrics = { ...world.context.metrics, wouldWrite: (action: string) => void counted.push(action) };
  const reconcile = createDryRunReconcile({ ...world.context, client: readOnlyClient(world.cluster), metrics });
  run = (key) => world.finish(reconcile(key, new AbortController().signal));
});

const said = () => world.log.lines.filter(({ message }) => message.startsWith('would ')).map(({ message }) => message);
const expectNothingWritten = () =>
  expect([world.cluster.patches, world.acronis.puts, world.events, world.wrote]).toEqual([[], [], [], []]);

it('says what it would assign, once for each state of the object, and writes nothing', async () => {
  world.acronis.add({ id: userId, version: 7, business_types: [] });
  const key = world.cluster.create({ userID: userId, deletionPolicy: 'Revoke' });
  await run(key);
  await run(key);
  expect(said()).toEqual(['would add the finalizer', 'would assign']);
  expect(counted).toEqual(['addFinalizer', 'assign']);
  expectNothingWritten();
});

it('a user who has the types, and one whose user is not there, would not be written to', async () => {
  world.acronis.add({ id: userId, version: 7, business_types: ['buyer'] });
  await run(world.cluster.create({ userID: userId }));
  await run(world.cluster.create({ userID: otherUserId }));
  expect(said()).toEqual([]);
  expectNothingWritten();
});

it('the ports themselves send nothing that writes, whatever asks for it', async () => {
  const { signal } = new AbortController();
  const sent: string[] = [];
  const send = readOnlySend(async ({ method }) => void sent.push(method));
  const request = { url: 'https://eu2-cloud.acronis.com/api/2/users', headers: {} };
  await expect(send({ ...request, method: 'PUT' }, signal)).rejects.toBeInstanceOf(HeldBack);
  await send({ ...request, method: 'GET' }, signal);
  expect(sent).toEqual(['GET']);
  const client = readOnlyClient(world.cluster);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
    await expect(client.request({ method, path: '/api/v1/namespaces/a/events' }, signal)).rejects.toBeInstanceOf(
      HeldBack,
    );
  expectNothingWritten();
});
