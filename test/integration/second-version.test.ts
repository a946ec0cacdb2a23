/**
 * The road to a second version of the API, tried with one that is made up here: served beside v1alpha1 without a conversion webhook, then stored in its place,
 * until v1alpha1 is stored nowhere. The operator, which knows v1alpha1 alone, works throughout.
 *
 * What it brings is a field with a default. Both are in the schema of either version: what etcd has is defaulted as the version that it is stored in says, and a
 * version that lacks the field loses it with every write, as the last test shows. Each test goes on where the one before it ended.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { kubectl } from '../../sandbox/controlplane/kubectl.ts';
import { until } from '../../sandbox/until.ts';
import { crdsOfToday } from '../support/earlier-version.ts';
import { upsell, VersionsWorld } from './versions-world.ts';

const crd = 'tenantuserupsells.upsell.acronis.com';
const namespace = 'acronis-system';

const schemaSchema = z.looseObject({
  openAPIV3Schema: z.looseObject({
    properties: z.looseObject({ spec: z.looseObject({ properties: z.record(z.string(), z.unknown()) }) }),
  }),
});
const versionSchema = z.looseObject({
  name: z.string(),
  storage: z.boolean(),
  schema: schemaSchema,
  selectableFields: z.array(z.object({ jsonPath: z.string() })),
});
const crdSchema = z.looseObject({ spec: z.looseObject({ versions: z.tuple([versionSchema]) }) });
type Version = z.output<typeof versionSchema>;

function withField(version: Version, field: object): Version {
  const copy = structuredClone(version);
  copy.schema.openAPIV3Schema.properties.spec.properties['cadence'] = field;
  return copy;
}

interface Shape {
  readonly stored: 'v1alpha1' | 'v1beta1';
  /** Whether v1alpha1 is there, and whether it has the field. */
  readonly older: 'with the field' | 'without the field' | 'dropped';
}

/** The CRD of this version with v1beta1 besides, as JSON. */
async function crdWith({ stored, older }: Shape): Promise<string> {
  const file = new URL(`../../crds/${crd}.yaml`, import.meta.url);
  const today = crdSchema.parse(parse(await readFile(file, 'utf8')));
  const [alpha] = today.spec.versions;
  const cadence = { type: 'string', enum: ['Daily', 'Weekly'], default: 'Weekly' };
  const beta = {
    ...withField(alpha, { ...cadence, description: 'How often.' }),
    name: 'v1beta1',
    storage: stored === 'v1beta1',
    // The API server refuses a CRD in which the versions' schemas differ and these do not, or the other way round (measured with 1.36).
    selectableFields: [...alpha.selectableFields, { jsonPath: '.spec.cadence' }],
  };
  const kept = { ...(older === 'with the field' ? withField(alpha, cadence) : alpha), storage: stored === 'v1alpha1' };
  const versions = older === 'dropped' ? [beta] : [kept, beta];
  return JSON.stringify({ ...today, spec: { ...today.spec, versions, conversion: { strategy: 'None' } } });
}

let world: VersionsWorld;
let ids: readonly string[];
beforeAll(async () => {
  world = await VersionsWorld.start();
  ids = [...world.acronis.directory.all()]
    .filter(({ businessTypes }) => businessTypes.length === 0)
    .map(({ id }) => id);
  await world.applyCrds(await crdsOfToday());
  await world.rollTo();
  await world.apply(upsell('before', { userID: ids[0] }));
  await world.untilReasons('tuu', { before: 'BuyerAssigned' });
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const inVersion = (version: string, object: object): object => ({
  ...object,
  apiVersion: `upsell.acronis.com/${version}`,
});
const cadenceOf = (name: string, version: string) =>
  world.kubectl(['get', `tenantuserupsells.${version}.upsell.acronis.com`, name, '-o', 'jsonpath={.spec.cadence}']);
const storedVersions = () => world.kubectl(['get', 'crd', crd, '-o', 'jsonpath={.status.storedVersions[*]}']);
const dropOlder = async () =>
  await kubectl(world.controlPlane, ['replace', '--dry-run=server', '-f', '-'], {
    stdin: await crdWith({ stored: 'v1beta1', older: 'dropped' }),
  });

/** The API version in which etcd has the object. */
async function storedAs(name: string): Promise<string> {
  const key = Buffer.from(`/registry/upsell.acronis.com/tenantuserupsells/${namespace}/${name}`).toString('base64');
  const socketPath = join(world.controlPlane.dir, 'etcd.sock');
  const response = await new Promise<unknown>((resolve, reject) => {
    const asked = request({ socketPath, method: 'POST', path: '/v3/kv/range' }, (incoming) => resolve(json(incoming)));
    asked.on('error', reject).end(JSON.stringify({ key }));
  });
  const [{ value }] = z.object({ kvs: z.tuple([z.object({ value: z.base64() })]) }).parse(response).kvs;
  const object: unknown = JSON.parse(Buffer.from(value, 'base64').toString());
  return z.object({ apiVersion: z.string() }).parse(object).apiVersion.replace('upsell.acronis.com/', '');
}

it('served beside v1alpha1, objects of either version are served by the operator, and each keeps what it says', async () => {
  world.logOnFailure();
  await world.applyCrds(await crdWith({ stored: 'v1alpha1', older: 'with the field' }));
  await world.apply(inVersion('v1beta1', upsell('newer', { userID: ids[1], cadence: 'Daily' })));
  await world.untilReasons('tuu', { before: 'BuyerAssigned', newer: 'BuyerAssigned' });
  expect(await storedAs('newer')).toBe('v1alpha1');
  expect(await cadenceOf('newer', 'v1beta1')).toBe('Daily');
  for (const version of ['v1alpha1', 'v1beta1']) expect(await cadenceOf('before', version)).toBe('Weekly');
}, 60_000);

it('once every object is stored in the new version, v1alpha1 can be dropped and not before, and no user is written again', async () => {
  world.logOnFailure();
  await world.applyCrds(await crdWith({ stored: 'v1beta1', older: 'with the field' }));
  await world.apply(upsell('after', { userID: ids[2] }));
  const reasons = { before: 'BuyerAssigned', newer: 'BuyerAssigned', after: 'BuyerAssigned' };
  await world.untilReasons('tuu', reasons);
  expect(await storedVersions()).toBe('v1alpha1 v1beta1');
  expect([await storedAs('before'), await storedAs('after')]).toEqual(['v1alpha1', 'v1beta1']);
  expect((await dropOlder()).stderr).toContain('status.storedVersions[0]: Invalid value: "v1alpha1"');

  // As UPGRADE.md says it.
  const all = await world.kubectl(['get', 'tenantuserupsells.v1beta1.upsell.acronis.com', '-A', '-o', 'json']);
  await world.kubectl(['replace', '-f', '-'], all);
  for (const name of Object.keys(reasons)) expect(await storedAs(name)).toBe('v1beta1');
  const trimmed = '{"status":{"storedVersions":["v1beta1"]}}';
  await world.kubectl(['patch', 'crd', crd, '--subresource=status', '--type=merge', '-p', trimmed]);
  expect((await dropOlder()).exitCode).toBe(0);

  await world.untilReasons('tuu', reasons);
  await world.expectSteady('tuu');
  expect(await cadenceOf('newer', 'v1beta1')).toBe('Daily');
  for (const id of ids.slice(0, 3)) expect(world.writesTo(id)).toBe(1);
  await world.apply(upsell('last', { userID: ids[3], deletionPolicy: 'Revoke' }));
  await world.untilReasons('tuu', { ...reasons, last: 'BuyerAssigned' });
  await world.kubectl(['delete', 'tuu', 'last', '--timeout=60s']);
  expect(world.isBuyer(ids[3] ?? '')).toBe(false);
}, 120_000);

it('a field that v1alpha1 lacks is lost when something writes through it, which is why a new field goes into every version', async () => {
  world.logOnFailure();
  await world.applyCrds(await crdWith({ stored: 'v1beta1', older: 'without the field' }));
  expect(await cadenceOf('newer', 'v1beta1')).toBe('Daily');
  await world.kubectl(['annotate', 'tuu', 'newer', 'upsell.acronis.com/requestedAt=now']);
  await until(
    'the operator has written through v1alpha1',
    () => world.kubectl(['get', 'tuu', 'newer', '-o', 'jsonpath={.status.lastHandledReconcileAt}']),
    (at) => at === 'now',
  );
  expect(await cadenceOf('newer', 'v1beta1')).toBe('Weekly');
}, 60_000);
