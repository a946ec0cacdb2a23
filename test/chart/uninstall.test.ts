/** What docs/guide/uninstall.md says, typed: in the right order nothing is left, and out of each wrong one the page's way leads. */
import { describe, expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { shellBlocks } from '../support/blocks.ts';
import { Cluster, crdName, root, upsell } from './chart.ts';
import { installing, Newcomer, readme, uninstalling } from './newcomer.ts';
import type { Pod } from './pod.ts';

const namespace = 'acronis-system';
const ofCustomers = ['-n', 'customers'];

/** Installed by one of the pages, with an object that revokes and one that retains, both Ready. */
class Installed implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly revokes: string;
  readonly retains: string;
  readonly #newcomer: Newcomer;
  readonly #pod: Pod;

  private constructor(newcomer: Newcomer, pod: Pod) {
    this.#newcomer = newcomer;
    this.#pod = pod;
    this.cluster = new Cluster(newcomer.controlPlane);
    this.revokes = newcomer.acronis.cast.companyAdmin;
    this.retains = newcomer.acronis.cast.samRivers;
  }

  static async by(way: 'helm' | 'manifests'): Promise<Installed> {
    const newcomer = await Newcomer.arrive();
    await newcomer.types(readme, '2. Build the image');
    const installed = new Installed(newcomer, newcomer.cluster(namespace));
    const [helm = ''] = await shellBlocks(readme, '', '3. Run the operator');
    if (way === 'helm') await newcomer.typesBlock(helm);
    else await newcomer.types(installing, 'With install.yaml');
    const { cluster } = installed;
    await cluster.ok(['create', 'namespace', 'customers']);
    await cluster.apply(upsell('customers', 'revokes', { userID: installed.revokes, deletionPolicy: 'Revoke' }));
    await cluster.apply(upsell('customers', 'retains', { userID: installed.retains }));
    await cluster.ok([...ofCustomers, 'wait', '--for=condition=Ready', 'tuu', '--all', '--timeout=60s']);
    return installed;
  }

  /** The blocks of the page that bear this word. */
  async types(word: string): Promise<void> {
    const [block = '', ...more] = await shellBlocks(uninstalling, word);
    expect(more).toEqual([]);
    await this.#newcomer.typesBlock(block);
  }

  typesBlock(block: string): Promise<void> {
    return this.#newcomer.typesBlock(block);
  }

  isBuyer(user: string): boolean {
    return this.#newcomer.acronis.directory.get(user)?.businessTypes.includes('buyer') === true;
  }

  async untilGone(...what: readonly string[]): Promise<void> {
    await until(
      `${what.join(' ')} is gone`,
      () => this.cluster.ok(['get', ...what, '--ignore-not-found', '-o', 'name']),
      (seen) => seen.trim() === '',
      { withinMs: 60_000, everyMs: 200 },
    );
  }

  untilNoPod(): Promise<boolean> {
    return until(
      'no pod is left',
      () => this.#pod.isRunning,
      (running) => !running,
      { withinMs: 60_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pod[Symbol.asyncDispose]();
  }
}

/** As the namespace controller does, which is not part of the control plane here, once it has emptied a namespace that is being deleted. */
async function finishDeletionOf(cluster: Cluster, name: string): Promise<void> {
  await until(
    `namespace ${name} is being deleted`,
    () => cluster.ok(['get', 'namespace', name, '--ignore-not-found', '-o', 'jsonpath={.metadata.deletionTimestamp}']),
    (seen) => seen !== '',
    { withinMs: 60_000 },
  );
  const emptied = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  await cluster.ok(['replace', '--raw', `/api/v1/namespaces/${name}/finalize`, '-f', '-'], JSON.stringify(emptied));
}

describe('in the right order', { timeout: 180_000 }, () => {
  it.each(['helm', 'manifests'] as const)('(%s) types are revoked, and nothing is left', async (way) => {
    await using installed = await Installed.by(way);
    const { cluster } = installed;
    const [objects = '', crds = '', ...more] = await shellBlocks(uninstalling, '', 'The right order');
    expect(more).toEqual([]);
    await installed.typesBlock(objects);
    expect(await cluster.ok(['get', 'tuu', '-A', '-o', 'name'])).toBe('');
    expect(installed.isBuyer(installed.revokes)).toBe(false);
    expect(installed.isBuyer(installed.retains)).toBe(true);
    await Promise.all([installed.types(way), ...(way === 'manifests' ? [finishDeletionOf(cluster, namespace)] : [])]);
    await installed.typesBlock(crds);
    const ours = ['crd,clusterrole,clusterrolebinding', '-l', 'app.kubernetes.io/part-of=acronis-upsell-operator'];
    expect(await cluster.ok(['get', ...ours, '-o', 'name'])).toBe('');
    expect(await cluster.ok(['get', 'deploy,sa,role,rolebinding', '-A', ...ours.slice(1), '-o', 'name'])).toBe('');
  });
});

describe('in the wrong order, the operator first,', { timeout: 180_000 }, () => {
  /** What the page's table says happens. */
  async function deleteWithoutOperator(installed: Installed, what: readonly string[]): Promise<void> {
    await installed.types('helm');
    await installed.untilNoPod();
    await installed.cluster.ok(['delete', ...what, '--wait=false']);
    const finalizers = ['get', 'tuu', 'revokes', '-o', 'jsonpath={.metadata.deletionTimestamp}{.metadata.finalizers}'];
    await until(
      'the object is being deleted and held',
      () => installed.cluster.ok([...ofCustomers, ...finalizers]),
      (seen) => /^2.*revoke/.test(seen),
    );
    expect(installed.isBuyer(installed.revokes)).toBe(true);
  }

  it('an object is held; the operator, installed again, revokes its type and releases it', async () => {
    await using installed = await Installed.by('helm');
    await deleteWithoutOperator(installed, [...ofCustomers, 'tuu', 'revokes']);
    await installed.types('again');
    await installed.untilGone(...ofCustomers, 'tuu', 'revokes');
    expect(installed.isBuyer(installed.revokes)).toBe(false);
    expect(await installed.cluster.ok([...ofCustomers, 'get', 'tuu', '-o', 'name'])).toContain('/retains');
  });

  it('an object is held; given up, it goes, the type stays, and objects that are not deleted keep their finalizers', async () => {
    await using installed = await Installed.by('helm');
    const { cluster } = installed;
    await cluster.apply(upsell('customers', 'other', { userID: installed.retains, deletionPolicy: 'Revoke' }));
    await cluster.ok([
      ...ofCustomers,
      'patch',
      'tuu',
      'other',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":["a.example/b"]}}',
    ]);
    await deleteWithoutOperator(installed, [...ofCustomers, 'tuu', 'revokes']);
    await installed.types('giveup');
    await installed.untilGone(...ofCustomers, 'tuu', 'revokes');
    expect(installed.isBuyer(installed.revokes)).toBe(true);
    expect(
      await cluster.ok([...ofCustomers, 'get', 'tuu', 'other', '-o', 'jsonpath={.metadata.finalizers}']),
    ).toContain('a.example/b');
  });

  it.each([
    ['again', false],
    ['giveup', true],
  ] as const)(
    'the CRD is held by such an object, takes no new one, and goes after the way "%s"',
    async (way, stays) => {
      await using installed = await Installed.by('helm');
      const { cluster } = installed;
      await deleteWithoutOperator(installed, ['-f', `${root}deploy/crds.yaml`, '--ignore-not-found']);
      const refused = await cluster.tried(
        ['create', '-f', '-'],
        JSON.stringify(upsell('customers', 'late', { userID: installed.retains })),
      );
      expect(refused.exitCode).not.toBe(0);
      expect(
        await cluster.ok([
          'get',
          'crd',
          crdName,
          '-o',
          'jsonpath={.status.conditions[?(@.type=="Terminating")].status}',
        ]),
      ).toBe('True');
      await installed.types(way);
      await installed.untilGone('crd', crdName);
      expect(installed.isBuyer(installed.revokes)).toBe(stays);
    },
  );
});
