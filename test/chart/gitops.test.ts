import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, inject, it, onTestFailed, onTestFinished } from 'vitest';
import * as z from 'zod';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { startOperator } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { meaningOf, pendingCondition, type Reason, reasons } from '../../src/api/conditions.ts';
import { transformTenantUserUpsell } from '../../src/api/object.ts';
import { statusOf } from '../../src/controllers/upsell/report/status.ts';
import { gitopsProgram, healthCheck, judge } from '../../tools/gitops/health.ts';
import { createProgress } from '../../tools/progress.ts';
import { Cluster, root, upsell } from './chart.ts';
import { buildMs } from './observability.ts';

let program: string;
beforeAll(async () => {
  program = await gitopsProgram(createProgress(), new AbortController().signal);
}, buildMs);

const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';

/** An object as the API server has it once the operator has written that status. */
function objectOf(reason: Reason, metadata: object = {}) {
  const raw = {
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUserUpsell',
    metadata: {
      namespace: 'customers',
      name: reason.toLowerCase(),
      uid: 'uid',
      resourceVersion: '7',
      generation: 3,
      creationTimestamp: '2026-01-02T03:00:00Z',
    },
    spec: { userID, suspend: reason === 'Suspended' },
    status: { conditions: [pendingCondition] },
  };
  const object = transformTenantUserUpsell(raw);
  if (object === undefined) throw new Error('The object cannot be read.');
  const status = statusOf(
    object,
    { verdict: { reason, message: `It is ${reason}.` }, facts: { kind: 'unknown' }, assigned: undefined },
    Date.now(),
  );
  return { ...raw, metadata: { ...raw.metadata, ...metadata }, status };
}

/** What docs/guide/gitops.md promises. */
function promised(reason: Reason): readonly [argo: string, kstatus: string] {
  const { ready, stalled } = meaningOf(reason);
  if (reason === 'Suspended') return ['Suspended', 'InProgress'];
  if (reason === 'NotAssigned') return ['Healthy', 'InProgress'];
  if (stalled) return ['Degraded', 'Failed'];
  return ready === 'True' ? ['Healthy', 'Current'] : ['Progressing', 'InProgress'];
}

const judged = async (objects: readonly object[]) =>
  (await judge(program, objects)).map(({ argo, kstatus }) => [argo.status, kstatus.status]);

describe('Argo CD (its Lua) and Flux, Helm 4 (kstatus)', () => {
  it('read every status that the operator can write as the guide says', async () => {
    const results = await judged(reasons.map((reason) => objectOf(reason)));
    const real = Object.fromEntries(reasons.map((reason, at) => [reason, results[at]]));
    expect(real).toEqual(Object.fromEntries(reasons.map((reason) => [reason, promised(reason)])));
  });

  it('show the message that says what to do', async () => {
    const [stalled] = await judge(program, [objectOf('UserNotFound')]);
    expect(stalled).toMatchObject({
      argo: { message: 'It is UserNotFound.' },
      kstatus: { message: 'It is UserNotFound.' },
    });
  });

  it('take no status of an older spec for the result of a new one', async () => {
    const edited = reasons
      .filter((reason) => reason !== 'Suspended')
      .map((reason) => objectOf(reason, { generation: 4 }));
    const results = await judge(program, edited);
    expect(new Set(results.map(({ argo }) => argo.status))).toEqual(new Set(['Progressing']));
    expect(results.filter(({ kstatus }) => kstatus.status === 'Current')).toEqual([]);
  });

  it('see an object that is deleted as on its way', async () => {
    const deleted = objectOf('BuyerAssigned', {
      deletionTimestamp: '2026-01-02T04:00:00Z',
      deletionGracePeriodSeconds: 0,
    });
    expect(await judged([deleted])).toEqual([['Progressing', 'Terminating']]);
  });

  it('take an object without any status for one that was never reconciled', async () => {
    const { status: _, ...bare } = objectOf('Pending');
    expect((await judge(program, [bare]))[0]?.argo.status).toBe('Progressing');
  });

  it('the measure itself: a health check that is no Lua is an error', async () => {
    await expect(judge(program, [{}])).rejects.toThrow('index');
  });
});

it('the guide shows the very health check that the file holds', async () => {
  const page = await readFile(`${root}docs/guide/gitops.md`, 'utf8');
  const [, shown = ''] = /TenantUserUpsell: \|\n([\s\S]*?)```/.exec(page) ?? [];
  expect(shown.replaceAll(/^ {4}/gm, '')).toBe(await readFile(healthCheck, 'utf8'));
});

it('what a running operator writes on a real API server is read so too', async () => {
  const cluster = new Cluster(inject('auditedControlPlane'));
  const namespace = await cluster.newNamespace('gitops');
  const acronis = await startSandbox({ users: 20 });
  onTestFinished(() => acronis.stop());
  const { johnDoe, samRivers, companyAdmin } = acronis.cast;
  const wanted = {
    assigned: [{ userID: johnDoe }, 'BuyerAssigned'],
    unknown: [{ userID: '99999999-9999-4999-8999-999999999999' }, 'UserNotFound'],
    suspended: [{ userID: samRivers, suspend: true }, 'Suspended'],
    observing: [{ userID: companyAdmin, managementPolicy: 'Observe' }, 'NotAssigned'],
    keyless: [{ userID: samRivers, credentialsSecretRef: { name: 'none' } }, 'CredentialsMissing'],
  } as const satisfies Record<string, readonly [object, Reason]>;
  const items = Object.entries(wanted).map(([name, [spec]]) => upsell(namespace, name, spec));
  const list = { apiVersion: 'v1', kind: 'List', items };
  const objects = async () => {
    const text = await cluster.ok(['-n', namespace, 'get', 'tuu', '-o', 'json']);
    return z
      .object({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })) })
      .parse(JSON.parse(text)).items;
  };
  await cluster.apply(list);
  const before = new Set((await judged(await objects())).map((each) => each.join()));
  expect(before, 'before the first reconcile').toEqual(new Set(['Progressing,InProgress', 'Suspended,InProgress']));

  const operator = await startOperator({
    kubeconfig: inject('auditedControlPlane').kubeconfig,
    acronis,
    flags: [`--watch-namespaces=${namespace}`, `--leader-election-namespace=${namespace}`],
  });
  onTestFinished(async () => void (await operator.stop()));
  onTestFailed(() => console.error(operator.lines.slice(-20).join('\n')));
  const expected = Object.fromEntries(Object.entries(wanted).map(([name, [, reason]]) => [name, promised(reason)]));
  await until(
    'all are read as the guide says',
    async () => {
      const found = await objects();
      const results = await judged(found);
      return Object.fromEntries(found.map(({ metadata }, at) => [metadata.name, results[at]]));
    },
    (seen) => JSON.stringify(Object.entries(seen).sort()) === JSON.stringify(Object.entries(expected).sort()),
    { withinMs: 30_000, everyMs: 500 },
  );
});
