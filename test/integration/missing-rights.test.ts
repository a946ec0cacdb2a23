/** Rights that are missing, on a real API server: what can be served is, the rest is said where people look, and the API server is not stormed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { ControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { logLines, type OperatorProcess } from '../../sandbox/operator/process.ts';
import { serviceAccount } from '../../sandbox/operator/rights.ts';
import { until } from '../../sandbox/until.ts';
import { readyOf } from '../faults/cluster.ts';
import { inOrder, OwnWay, ownControlPlane } from './own-way.ts';

const roleSchema = z.looseObject({
  metadata: z.object({ name: z.string() }),
  rules: z.array(z.looseObject({ resources: z.array(z.string()) })),
});
const bindingSchema = z.looseObject({ metadata: z.object({ name: z.string(), namespace: z.string() }) });

let controlPlane: ControlPlane;
beforeAll(async () => {
  controlPlane = await ownControlPlane();
});
afterAll(() => controlPlane.stop());

const kubectl = (...args: string[]) => kubectlOk(controlPlane, args);

async function started(way: OwnWay, flags: readonly string[] = []): Promise<OperatorProcess> {
  return await way.start(
    { kubeconfig: await kubeconfigFor(controlPlane, { name: way.namespace, token: way.token }) },
    flags,
  );
}

/** What the readiness probe says, in full. */
async function readiness({ probes }: OperatorProcess): Promise<string> {
  const response = await fetch(`${probes}/readyz?verbose`).catch(() => undefined);
  return response === undefined ? '' : `${response.status} ${await response.text()}`;
}

const untilReadiness = (operator: OperatorProcess, words: RegExp) =>
  until(
    `readiness says ${words}`,
    () => readiness(operator),
    (text) => words.test(text),
    { withinMs: 60_000 },
  );

const untilAll = (way: OwnWay, namespace: string, count: number, reason: string) =>
  until(
    `${count} objects of ${namespace} are ${reason}`,
    async () => (await way.cluster.list(namespace)).filter((each) => readyOf(each)?.reason === reason).length,
    (found) => found === count,
    { withinMs: 90_000, everyMs: 300 },
  );

it('a listed namespace without rights stops no other one, is said in log, readiness and a metric, and is served once it has them', async () => {
  await using way = await OwnWay.make({ own: controlPlane });
  const { namespace, cluster } = way;
  const denied = `${namespace}-b`;
  await cluster.createNamespace(denied);
  await kubectl('delete', 'clusterrolebinding', `${serviceAccount}-${namespace}`);
  const allow = (where: string) =>
    kubectl(
      ...['create', 'rolebinding', 'operator', '-n', where, `--clusterrole=${serviceAccount}`],
      `--serviceaccount=${namespace}:${serviceAccount}`,
    );
  await allow(namespace);
  const unserved = async () =>
    /^acronis_upsell_unserved_namespaces (\d+)$/m.exec(await (await fetch(operator.metrics)).text())?.[1];
  const operator = await started(way, [`--watch-namespaces=${namespace},${denied}`]);
  await operator.ready(AbortSignal.timeout(60_000));
  await way.becomesReady('one');
  expect(await readiness(operator)).toMatch(new RegExp(`^200 [^]*namespace ${denied} is not served: `));
  expect(await unserved()).toBe('1');
  const said = logLines(operator).filter(({ msg }) => msg === 'a listed namespace is not served; the others are');
  expect(said.map((line) => line['namespace'])).toEqual([denied]);

  await allow(denied);
  await cluster.create(denied, 'late', { userID: way.world.acronis.cast.johnDoe });
  await untilAll(way, denied, 1, 'BuyerAssigned');
  expect(await unserved()).toBe('0');
  expect(await way.stop()).toEqual(inOrder);
});

it('a right to the status that is missing for 300 objects is one line and a few requests, and readiness names it', async () => {
  await using way = await OwnWay.make({ own: controlPlane });
  const { namespace, cluster } = way;
  const { metadata, ...role } = roleSchema.parse(
    JSON.parse(await kubectl('get', 'clusterrole', serviceAccount, '-o', 'json')),
  );
  const replaceRules = (rules: typeof role.rules) =>
    kubectlOk(controlPlane, ['replace', '-f', '-'], {
      stdin: JSON.stringify({ ...role, metadata: { name: metadata.name }, rules }),
    });
  await replaceRules(role.rules.filter(({ resources }) => !resources.includes('tenantuserupsells/status')));
  const refusals = async () => {
    const page = await kubectl('get', '--raw', '/metrics');
    return Number(/^authorization_attempts_total\{result="no-opinion"\} (\d+)/m.exec(page)?.[1] ?? 0);
  };
  const before = await refusals();
  const names = Array.from({ length: 300 }, (_, at) => `object-${at}`);
  for (const name of names)
    await cluster.create(namespace, name, { userID: way.world.acronis.cast.johnDoe, suspend: true });
  const operator = await started(way);
  const text = await untilReadiness(operator, /tenantuserupsells\/status/);
  expect(text).toMatch(/^500 /);
  // As many as were in flight before the first of them came back, and then one now and then.
  let first = -1;
  await until(
    'those in flight are refused',
    async () => {
      const seen = first;
      first = await refusals();
      return first - seen;
    },
    (more) => more === 0,
    { everyMs: 500 },
  );
  expect(first - before).toBeLessThanOrEqual(70);
  await until('one tries again', refusals, (count) => count > first, { withinMs: 60_000 });
  expect(await refusals()).toBeLessThanOrEqual(first + 3);
  expect(logLines(operator).filter(({ level, msg }) => level === 'warn' && !msg.includes('credentials'))).toHaveLength(
    1,
  );

  await replaceRules(role.rules);
  await untilAll(way, namespace, names.length, 'Suspended');
  await untilReadiness(operator, /^200 /);
  expect(await way.stop()).toEqual(inOrder);
}, 120_000);

it('a right to the lease that is missing is said by readiness, and the operator serves once it has it', async () => {
  await using way = await OwnWay.make({ own: controlPlane });
  const binding = `${serviceAccount}-leader-election`;
  const stored = await kubectl('-n', way.namespace, 'get', 'rolebinding', binding, '-o', 'json');
  await kubectl('-n', way.namespace, 'delete', 'rolebinding', binding);
  const operator = await started(way);
  expect(await untilReadiness(operator, /lease failed/)).toMatch(/leases/);
  const { metadata, ...rest } = bindingSchema.parse(JSON.parse(stored));
  await kubectlOk(controlPlane, ['create', '-f', '-'], { stdin: JSON.stringify({ ...rest, metadata }) });
  await operator.ready(AbortSignal.timeout(60_000));
  await way.becomesReady('one');
  expect(await way.stop()).toEqual(inOrder);
});
