import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { type ControlPlane, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { until } from '../../sandbox/until.ts';
import { Cluster, chartDir, crdName, root, upsell } from './chart.ts';

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

function readdirSamples(): [string, string][] {
  return [
    'account.yaml',
    'buyer.yaml',
    'buyer-by-external-id.yaml',
    'buyer-by-login.yaml',
    'observe.yaml',
    'own-credentials.yaml',
    'policy.yaml',
    'policy-trial.yaml',
    'revoke-on-delete.yaml',
  ].map((name) => [name, `${root}deploy/samples/${name}`]);
}

/** Helm 4 applies on the server's side, where what others wrote is a conflict; Helm 3 overwrites it. */
const helms = [
  ['Helm 4', 'helm', ['--force-conflicts']],
  ['Helm 3', 'helm3', []],
] as const;

/** The API server's own finalizer of a CRD gives each try a minute before it makes the next. */
const crdPatience = '--timeout=150s';

// What a release does to the CRD reaches all objects of a cluster, so these tests have one of their own, and follow one another.
describe.each(helms)('with %s, a release', (_name, program, force) => {
  let controlPlane: ControlPlane;
  let cluster: Cluster;
  beforeAll(async () => {
    controlPlane = await startControlPlane({ programs: inject('controlPlanePrograms') }, new AbortController().signal);
    cluster = new Cluster(controlPlane, inject(program));
  });
  afterAll(() => controlPlane.stop());

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
    await cluster.helm(namespace, ['upgrade', release, chartDir, ...force], { replicas: 2 });
    expect(await cluster.ok(['-n', namespace, 'get', 'deploy', release, '-o', 'jsonpath={.spec.replicas}'])).toBe('2');
  });

  it('goes back to the version before under the newer CRD, which stays with all objects, and forward again', async () => {
    const back = { replicas: 2, crds: { install: false } };
    await cluster.helm(namespace, ['upgrade', release, await previousChart()], back);
    const chart = async () => {
      const releases = await cluster.helm(namespace, ['list', '-o', 'json']);
      return z.tuple([z.object({ chart: z.string() })]).parse(JSON.parse(releases))[0].chart;
    };
    expect(await chart()).toBe(`${release}-0.0.1`);
    expect(await columns()).toBe('User Version Offer Ready Reason Age Message');
    expect(await objects()).toContain('/stays');
    await cluster.helm(namespace, ['upgrade', release, chartDir], { replicas: 2 });
    expect(await chart()).not.toBe(`${release}-0.0.1`);
    expect(await objects()).toContain('/stays');
  });

  it.each(readdirSamples())('the sample %s is accepted', async (_name, path) => {
    // Accounts are in the namespace that the documentation gives the operator.
    await cluster.tried(['create', 'namespace', 'acronis-system']);
    await cluster.ok(['apply', '--dry-run=server', '-f', path]);
  });

  it('there is no other sample', async () => {
    expect((await readdir(`${root}deploy/samples`)).sort()).toEqual(
      readdirSamples()
        .map(([name]) => name)
        .sort(),
    );
  });

  it('in a labelled namespace only objects of its tenant are accepted, and those that were there can still be deleted', async () => {
    const customer = await cluster.newNamespace('customer');
    const patching = (patch: string) => ['-n', customer, 'patch', 'tuu', 'before', '--type=merge', '-p', patch];
    await cluster.apply(upsell(customer, 'before', { userID, deletionPolicy: 'Revoke' }));
    await cluster.ok(patching('{"metadata":{"finalizers":["upsell.acronis.com/revoke"]}}'));
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

    const policy = (tenant: string) =>
      cluster.tried(
        ['create', '--dry-run=server', '-f', '-'],
        JSON.stringify({
          apiVersion: 'upsell.acronis.com/v1alpha1',
          kind: 'TenantUpsellPolicy',
          metadata: { name: 'admins', namespace: customer },
          spec: { tenantID: tenant },
        }),
      );
    expect((await policy(userID)).stderr).toContain(`not ${userID}: apply this object in the namespace of its tenant`);
    expect(await policy(tenantID)).toMatchObject({ exitCode: 0 });
    const owner = {
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUpsellPolicy',
      name: 'admins',
      uid: randomUUID(),
      controller: true,
    };
    const child = (spec: object) =>
      cluster.tried(
        ['create', '--dry-run=server', '-f', '-', `--as=system:serviceaccount:${namespace}:${release}`],
        JSON.stringify({
          apiVersion: 'upsell.acronis.com/v1alpha1',
          kind: 'TenantUserUpsell',
          metadata: { name: 'u-child', namespace: customer, ownerReferences: [owner] },
          spec,
        }),
      );
    expect(await child({ userID }), 'a child of a policy names a user alone').toMatchObject({ exitCode: 0 });
    expect((await child({ userID, tenantID: userID })).stderr).toContain(`not ${userID}: apply this object`);

    const edited = await cluster.tried(patching('{"spec":{"suspend":true}}'));
    expect(edited.stderr).toContain('set spec.tenantID to it');
    await cluster.ok(['-n', customer, 'delete', 'tuu', 'before', '--wait=false']);
    await cluster.ok(patching('{"metadata":{"finalizers":[]}}'));
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

  it('takes over a CRD that was applied with kubectl as the README says, and with crds.keep=false removes it again', async () => {
    await cluster.ok(['delete', 'crd', crdName]);
    await cluster.ok(['apply', '-f', `${root}crds`]);
    await cluster.untilEstablished();
    await cluster.apply(upsell('default', 'before', { userID }));
    const refused = await cluster.tryHelm(namespace, ['install', release, chartDir]);
    expect(refused.stderr).toContain('cannot be imported into the current release');
    const readme = await readFile(`${chartDir}/README.md`, 'utf8');
    for (const flag of ['--take-ownership', ...force]) expect(readme).toContain(flag);
    await cluster.helm(namespace, ['install', release, chartDir, '--take-ownership', ...force], {
      crds: { keep: false },
    });
    expect(await objects()).toContain('/before');
    await cluster.helm(namespace, ['uninstall', release]);
    await until(
      'the CRD is gone',
      () => cluster.tried(['get', 'crd', crdName]),
      ({ exitCode }) => exitCode !== 0,
    );
  });

  it.each(['the release first', 'the CRD first'])('is uninstalled in either order: %s', async (order) => {
    await cluster.helm(namespace, ['install', release, chartDir, '--create-namespace']);
    await cluster.untilEstablished();
    await cluster.apply(upsell('default', 'one', { userID }));
    const removals = [
      () => cluster.helm(namespace, ['uninstall', release]),
      () => cluster.ok(['delete', 'crd', crdName, crdPatience]),
    ];
    for (const remove of order === 'the release first' ? removals : removals.reverse()) await remove();
    expect((await cluster.tried(['get', 'crd', crdName])).exitCode).not.toBe(0);
    expect(JSON.parse(await cluster.helm(namespace, ['list', '-o', 'json']))).toEqual([]);
  });

  it("can be installed by the admin of a namespace, once the cluster's administrator has applied crds.yaml", async () => {
    const team = await cluster.newNamespace('team');
    const install = (name: string) =>
      cluster.tryHelm(team, ['install', name, chartDir, `--kube-as-user=${team}-admin`], {
        crds: { install: false },
        watch: { namespaces: [team] },
        replicas: 2,
        credentials: { perObjectSecrets: { enabled: true } },
      });
    await becomesAdmin(cluster, team);
    const before = await install('too-early');
    expect(before.stderr).toMatch(/tenantuserupsells/);
    await cluster.ok(['apply', '--server-side', '-f', `${root}deploy/crds.yaml`]);
    await cluster.untilEstablished();
    await becomesAdmin(cluster, team);
    const { exitCode, stderr } = await install('mine');
    expect(exitCode, stderr).toBe(0);
    expect(await cluster.ok(['-n', team, 'get', 'rolebinding', '-o', 'name'])).toContain('mine');
    await cluster.ok(['delete', '-f', `${root}deploy/crds.yaml`, crdPatience]);
  });
});

const policyRule = z.record(z.string(), z.unknown());
const clusterRoles = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      rules: z.array(policyRule).nullish(),
    }),
  ),
});

/** Gives the user `<namespace>-admin` what the ClusterRole `admin` has in a cluster whose controller manager aggregates it; here there is none. */
async function becomesAdmin(cluster: Cluster, namespace: string): Promise<void> {
  const { items } = clusterRoles.parse(JSON.parse(await cluster.ok(['get', 'clusterroles', '-o', 'json'])));
  const aggregated = items.filter(({ metadata }) =>
    ['view', 'edit', 'admin'].some(
      (role) => metadata.labels[`rbac.authorization.k8s.io/aggregate-to-${role}`] === 'true',
    ),
  );
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const name = `${namespace}-admin`;
  await cluster.apply({
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name },
    rules: aggregated.flatMap(({ rules }) => rules ?? []),
  });
  await cluster.apply({
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }],
  });
}
