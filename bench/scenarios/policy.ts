/**
 * One policy over the users of a whole partner: from applying it until every user that matches has an object that is Ready; then roles that change, each timed
 * until the user's object is gone or there again; then a restart, in which nothing may be written.
 */
import { until } from '../../sandbox/until.ts';
import { apiGroup, apiVersion, tenantUpsellPolicies } from '../../src/api/names.ts';
import { childName } from '../../src/api/policy/children.ts';
import { pathOf } from '../../src/kubernetes/calls/resource.ts';
import { readsOf, requestsOf } from '../acronis.ts';
import type { Contender, Running, Settings } from '../contenders.ts';
import { freshNamespace, type Lab, measure, patienceMs, startWorking, untilVerified } from '../lab.ts';
import { costOf } from '../process-cost.ts';
import type { Sample } from '../sample.ts';
import { DriverWatch } from '../watch.ts';
import { since } from '../write-counts.ts';

export interface PolicyOptions {
  readonly settings: Settings;
  readonly users: number;
  readonly tenants: number;
  /** How many users lose their role and get it back, one after the other. */
  readonly changes: number;
}

/** All that the made-up people have: everybody matches, which is the most that a policy of this size can be asked for. */
const roles = ['company_admin', 'unit_admin', 'backup_user'];
/** Users that a page of the list has. */
const pageSize = 1_000;

export async function policy(
  lab: Lab,
  contender: Contender,
  repeat: number,
  options: PolicyOptions,
): Promise<Sample[]> {
  const { acronis, cluster } = lab;
  const note = (what: string) => lab.note(`${contender.name}, run ${repeat}: ${what}`);
  const partner = await acronis.populate(options);
  const namespace = await freshNamespace(lab);
  const samples: Sample[] = [];
  const watch = await DriverWatch.open(cluster.client, namespace, lab.signal);
  let running = await startWorking(lab, contender, options.settings);
  let objects = 0;
  /** Names of the objects that were Ready once. */
  const ready = new Set<string>();
  const add = (phase: string, figures: Sample['figures']) =>
    samples.push({ phase: `policy: ${phase}`, contender: contender.name, repeat, objects, figures });
  try {
    note(`a policy over ${options.users} users in ${options.tenants} tenants`);
    await acronis.reset();
    const cost = await measure(running.pid);
    const began = performance.now();
    await apply(lab, namespace, partner, options);
    // How many match the operator says itself, once all are listed; how many are Ready, and since when, is seen from outside.
    const counting = matchedOf(lab, namespace, options.users).then((count) => {
      objects = count;
    });
    let lastAt = began;
    const all = watch.until(
      'every user that matches has an object that is Ready',
      ({ name, ready: isReady, at }) => {
        if (!isReady || ready.has(name)) return false;
        ready.add(name);
        lastAt = at;
        return false;
      },
      patienceMs(options.users) * 2,
      () => `${ready.size} are, of ${objects}`,
    );
    const complete = until(
      'every user that matches has an object that is Ready',
      async () => ready.size,
      (count) => objects > 0 && count >= objects,
      { withinMs: patienceMs(options.users), everyMs: 100 },
    );
    await running.whileAlive(Promise.race([Promise.all([counting, complete]), all.done]));
    const { cpuS, rssMiB, peakRssMiB } = await cost();
    const stats = await acronis.stats();
    add('first pass', {
      seconds: (lastAt - began) / 1000,
      cpuS,
      rssMiB,
      peakRssMiB,
      requests: requestsOf(stats),
      requestsPerObject: requestsOf(stats) / objects,
      userPutTwice: stats.usersPutMoreThanOnce,
    });
    note(`${options.changes} roles change`);
    const took = await roleChanges(lab, running, watch, ready, options.changes);
    add('a role changes', {
      actedS: Math.max(...took),
      seconds: took.reduce((sum, each) => sum + each, 0) / took.length,
    });
    // The last counts are written within seconds, and are no doing of the restart.
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    await running.stop();
    note('restart');
    await acronis.reset();
    const before = await cluster.writes();
    running = { ...(await contender.start(options.settings)), readyS: 0 };
    await untilListed(lab, running, options.users);
    const verified = await untilVerified(lab, running, objects, options.settings.resyncMs, readsOf);
    // What a pass that was read leads to comes after it.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const writes = since(before, await cluster.writes());
    const after = await costOf(running.pid);
    add('restart', {
      seconds: (verified.at - running.startedAt) / 1000,
      cpuS: after.cpuS,
      rssMiB: after.rssMiB,
      peakRssMiB: after.peakRssMiB,
      requests: requestsOf(await acronis.stats()),
      needlessWrites: (await acronis.stats()).putsApplied + writes.status + writes.objects,
    });
    return samples;
  } finally {
    await watch.close();
    await running.stop();
    // There is no garbage collector here, and what is left would be the next scenario's.
    await cluster.client.request(
      { method: 'DELETE', path: pathOf(tenantUpsellPolicies, { namespace }), discardResponse: true },
      lab.signal,
    );
    await lab.driver.all(
      [...ready].map((name) => ({ namespace, name })),
      (target) => lab.driver.remove(target),
    );
    await acronis.reseed();
  }
}

const apply = ({ cluster, signal }: Lab, namespace: string, tenantID: string, { users }: PolicyOptions) =>
  cluster.client.request(
    {
      method: 'POST',
      path: pathOf(tenantUpsellPolicies, { namespace }),
      body: {
        apiVersion: `${apiGroup}/${apiVersion}`,
        kind: tenantUpsellPolicies.kind,
        metadata: { name: 'everybody' },
        spec: { tenantID, tenantKinds: ['customer', 'unit'], users: { roles }, limits: { maxUsers: 2 * users } },
      },
    },
    signal,
  );

/** What the policy's status says once all users were listed. */
async function matchedOf({ cluster, signal }: Lab, namespace: string, users: number): Promise<number> {
  const path = pathOf(tenantUpsellPolicies, { namespace, name: 'everybody' });
  const read = async (): Promise<number> => {
    const raw = await cluster.client.request({ method: 'GET', path }, signal);
    const status: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, 'status') : undefined;
    const matched: unknown = typeof status === 'object' && status !== null ? Reflect.get(status, 'matched') : undefined;
    return typeof matched === 'number' ? matched : 0;
  };
  return await until('all users are listed', read, (count) => count > 0, { withinMs: patienceMs(users), everyMs: 500 });
}

/** Each user loses its role and gets it back. @returns seconds until its object is gone, and until it is Ready again. */
async function roleChanges(
  { acronis }: Lab,
  operator: Running,
  watch: DriverWatch,
  children: ReadonlySet<string>,
  count: number,
): Promise<number[]> {
  const took: number[] = [];
  const step = Math.max(1, Math.floor(children.size / count));
  const names = [...children].filter((_, at) => at % step === 0).slice(0, count);
  for (const name of names) {
    const id = name.slice(childName('').length);
    for (const given of [[], ['company_admin']]) {
      const seen = watch.until(
        `the object of a user ${given.length === 0 ? 'without its role is gone' : 'with its role again is Ready'}`,
        (event) => event.name === name && (given.length === 0 ? event.deleted : event.ready && !event.deleted),
        120_000,
        () => 'it is not',
      );
      const began = performance.now();
      await acronis.setRoles(id, given);
      took.push(((await operator.whileAlive(seen.done)) - began) / 1000);
    }
  }
  return took;
}

const untilListed = ({ acronis }: Lab, operator: Running, users: number) =>
  until(
    'all users are listed once',
    async () => {
      operator.assertAlive();
      return (await acronis.stats()).byRoute['listUsers'] ?? 0;
    },
    (pages) => pages >= Math.ceil(users / pageSize),
    { withinMs: patienceMs(users), everyMs: 250 },
  );
