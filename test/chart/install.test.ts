import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { until } from '../../sandbox/until.ts';
import { Cluster, chartDir, crdName, root, upsell } from './chart.ts';

// What a release does to the CRD reaches all objects of a cluster, so these tests have one of their own, and follow one another.
let controlPlane: ControlPlane;
let cluster: Cluster;
beforeAll(async () => {
  controlPlane = await startControlPlane({ programs: inject('controlPlanePrograms') }, new AbortController().signal);
  cluster = new Cluster(controlPlane);
});
afterAll(() => controlPlane.stop());

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const release = 'acronis-upsell-operator';
const namespace = 'acronis-system';

/** The chart as the version before this one could have been: another number, and a CRD that lacks a column and calls another by another name. */
async function previousChart(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-chart-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await cp(chartDir, dir, { recursive: true });
  const edit = async (file: string, change: (text: string) => string) => {
    const before = await readFile(join(dir, file), 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(join(dir, file), after);
  };
  await edit('Chart.yaml', (text) => text.replace(/^version: .*$/m, 'version: 0.0.1'));
  await edit('templates/crd.yaml', (text) =>
    text.replace(/ +- name: Offer\n(?: {10,}.*\n)+?(?= +- name)/, '').replace('- name: Version', '- name: Revision'),
  );
  return dir;
}

const columns = () =>
  cluster.ok(['get', 'crd', crdName, '-o', 'jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}']);
const objects = () => cluster.ok(['get', 'tuu', '-A', '-o', 'name']);

it('installs, and its notes say what to do next', async () => {
  const notes = await cluster.helm(namespace, ['install', release, await previousChart(), '--create-namespace']);
  expect(notes).toContain(`kubectl -n ${namespace} create secret generic ${release}-credentials`);
  expect(notes).toContain(`helm -n ${namespace} test ${release}`);
  await cluster.untilEstablished();
  expect(await columns()).toBe('User Revision Ready Reason Age Message');
  await cluster.apply(upsell('default', 'stays', { userID, tenantID }));
});

it('is upgraded from the version before, CRD and all, and the objects stay', async () => {
  await cluster.helm(namespace, ['upgrade', release, chartDir], { replicas: 2 });
  expect(await columns()).toBe('User Version Offer Ready Reason Age Message');
  expect(await objects()).toContain('/stays');
  expect(await cluster.ok(['-n', namespace, 'get', 'pdb,deploy', '-o', 'name'])).toBe(
    `poddisruptionbudget.policy/${release}\ndeployment.apps/${release}`,
  );
});

it('an upgrade to the same changes nothing', async () => {
  const state = () =>
    cluster.ok([
      '-n',
      namespace,
      'get',
      'deploy,svc,networkpolicy,role,rolebinding,sa',
      '-o',
      'jsonpath={.items[*].metadata.resourceVersion}',
    ]);
  const before = await state();
  await cluster.helm(namespace, ['upgrade', release, chartDir], { replicas: 2 });
  expect(await state()).toBe(before);
});

it('a field that was changed by hand is reset by the next upgrade', async () => {
  await cluster.ok(['-n', namespace, 'scale', 'deploy', release, '--replicas=5']);
  await cluster.helm(namespace, ['upgrade', release, chartDir, '--force-conflicts'], { replicas: 2 });
  expect(await cluster.ok(['-n', namespace, 'get', 'deploy', release, '-o', 'jsonpath={.spec.replicas}'])).toBe('2');
});

it.each(readdirSamples())('the sample %s is accepted', async (_name, path) => {
  await cluster.ok(['apply', '--dry-run=server', '-f', path]);
});

function readdirSamples(): [string, string][] {
  return ['buyer.yaml', 'buyer-by-login.yaml', 'observe.yaml', 'own-credentials.yaml', 'revoke-on-delete.yaml'].map(
    (name) => [name, `${root}deploy/samples/${name}`],
  );
}

it('there is no other sample', async () => {
  expect((await readdir(`${root}deploy/samples`)).sort()).toEqual(
    readdirSamples()
      .map(([name]) => name)
      .sort(),
  );
});

it('in a labelled namespace only objects of its tenant are accepted, and those that were there can still be deleted', async () => {
  const customer = await cluster.newNamespace('customer');
  await cluster.apply(upsell(customer, 'before', { userID, deletionPolicy: 'Revoke' }));
  await cluster.ok([
    '-n',
    customer,
    'patch',
    'tuu',
    'before',
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":["upsell.acronis.com/revoke"]}}',
  ]);
  await cluster.ok(['label', 'namespace', customer, `upsell.acronis.com/tenant-id=${tenantID}`]);
  await cluster.helm(namespace, ['upgrade', release, chartDir], { admissionPolicy: { enabled: true } });

  const create = (name: string, spec: object) =>
    cluster.tried(['create', '--dry-run=server', '-f', '-'], JSON.stringify(upsell(customer, name, spec)));
  const refused = await until(
    'the policy is in force',
    () => create('without', { userID }),
    ({ exitCode }) => exitCode !== 0,
  );
  expect(refused.stderr).toContain(`namespace ${customer} serves tenant ${tenantID} only: set spec.tenantID to it`);
  const other = await create('other', { userID, tenantID: userID });
  expect(other.stderr).toContain(`not ${userID}: apply this object in the namespace of its tenant`);
  expect(other.stderr).not.toContain('set spec.tenantID to it');
  expect(await create('right', { userID, tenantID })).toMatchObject({ exitCode: 0 });
  expect(await create('in-capitals', { userID, tenantID: tenantID.toUpperCase() })).toMatchObject({ exitCode: 0 });
  expect(
    await cluster.tried(
      ['create', '--dry-run=server', '-f', '-'],
      JSON.stringify(upsell('default', 'elsewhere', { userID })),
    ),
  ).toMatchObject({ exitCode: 0 });

  const edited = await cluster.tried([
    '-n',
    customer,
    'patch',
    'tuu',
    'before',
    '--type=merge',
    '-p',
    '{"spec":{"suspend":true}}',
  ]);
  expect(edited.stderr).toContain('set spec.tenantID to it');
  await cluster.ok(['-n', customer, 'delete', 'tuu', 'before', '--wait=false']);
  await cluster.ok(['-n', customer, 'patch', 'tuu', 'before', '--type=merge', '-p', '{"metadata":{"finalizers":[]}}']);
  expect(await cluster.ok(['-n', customer, 'get', 'tuu', '-o', 'name'])).toBe('');
});

it('is uninstalled without the CRD and the objects', async () => {
  await cluster.helm(namespace, ['uninstall', release]);
  expect(await objects()).toContain('/stays');
  const left = await cluster.ok([
    'get',
    'deploy,svc,sa,role,rolebinding,clusterrole,clusterrolebinding,networkpolicy,pdb,validatingadmissionpolicy,validatingadmissionpolicybinding',
    '-A',
    '-l',
    `app.kubernetes.io/instance=${release}`,
    '-o',
    'name',
  ]);
  expect(left).toBe('');
});

it('is installed again over the CRD that stayed', async () => {
  await cluster.helm(namespace, ['install', release, chartDir]);
  expect(await objects()).toContain('/stays');
  await cluster.helm(namespace, ['uninstall', release]);
});

it('takes over a CRD that was applied with kubectl only when asked to, and with crds.keep=false removes it again', async () => {
  await cluster.ok(['delete', 'crd', crdName]);
  await cluster.ok(['apply', '-f', `${root}crds`]);
  await cluster.untilEstablished();
  const refused = await cluster.tryHelm(namespace, ['install', release, chartDir]);
  expect(refused.stderr).toContain('cannot be imported into the current release');
  await cluster.helm(namespace, ['install', release, chartDir, '--take-ownership', '--force-conflicts'], {
    crds: { keep: false },
  });
  await cluster.helm(namespace, ['uninstall', release]);
  await until(
    'the CRD is gone',
    () => cluster.tried(['get', 'crd', crdName]),
    ({ exitCode }) => exitCode !== 0,
  );
});

it('install.yaml and the Kustomize base are applied as they are', async () => {
  await cluster.ok(['apply', '--server-side', '-f', `${root}deploy/install.yaml`]);
  await cluster.untilEstablished();
  const again = await cluster.ok(['apply', '--server-side', '-k', `${root}deploy/kustomize/base`]);
  expect(again).toContain('deployment.apps/acronis-upsell-operator');
  await cluster.ok(['delete', '-f', `${root}deploy/install.yaml`, '--wait=false']);
});
