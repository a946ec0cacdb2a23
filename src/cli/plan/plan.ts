/**
 * What the operator would do to each object, found by the operator's own steps: the same questions to Acronis, the same judgement, and a port for writes that has
 * nothing to write with. Objects are planned together, so that their reads travel a hundred at a time.
 */
import { Semaphore } from '../../base/concurrency/semaphore.ts';
import { ownCredentials } from '../../config/config.ts';
import { refusePublicSuffixes } from '../../config/public-suffix.ts';
import { createLister } from '../../controllers/policy/pass/lister.ts';
import { type StepsContext, takeSteps } from '../../controllers/upsell/reconcile/steps.ts';
import { supposedWrites, type WouldWrite } from '../../controllers/upsell/write/port.ts';
import { createTries } from '../../controllers/upsell/write/tries.ts';
import { createBrands } from '../../fleet/brands/brands.ts';
import { createCredentialSources } from '../../fleet/credentials/sources.ts';
import { selectorKeys } from '../../kubernetes/calls/label-selector.ts';
import { type NoWrites, openAccounts } from '../connect/accounts.ts';
import { type Cluster, openCluster } from '../connect/cluster.ts';
import { notesTo } from '../connect/notes.ts';
import { CommandError } from '../end.ts';
import { createProgress, type Progress } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { PlanOptions } from './command.ts';
import { documentsOf } from './documents.ts';
import { allOf, type Chosen, choose, type Wanted } from './objects.ts';
import { type About, exitCodeOf, type Planned, plannedOf, plannedRemoval } from './planned.ts';
import { type PlannedPolicies, planPolicies } from './policies.ts';
import { printed } from './print.ts';
import { readSources } from './sources.ts';
import { planOf } from './summary.ts';
import { layOver, worldOfCluster, worldOfFiles } from './world.ts';

/** Objects in work: two full batches of reads. */
const maxInFlight = 200;
/** What Acronis was asked once holds for the length of a plan. */
const brandIntervalMs = 3_600_000;

/** @returns the exit code. @throws CommandError, KubeconfigError, KubernetesError, ProxySettingsError, ClosedPipe */
export async function runPlan(options: PlanOptions, terminal: Terminal): Promise<number> {
  if (options.filename.length === 0 && !options.cluster)
    throw new CommandError('Say what is to be planned: -f with files, or --cluster for the objects of the cluster.');
  await refusePublicSuffixes(options.acronisHosts);
  const { clock, signal, out } = terminal;
  const log = notesTo(terminal);
  const userAgent = `kubectl-upsell/${terminal.version}`;
  using progress = createProgress(terminal);
  await using accounts = openAccounts({ config: options, env: terminal.env, userAgent, clock });
  const documents = (await readSources(options.filename, process.stdin)).flatMap(documentsOf);
  await using cluster = options.cluster
    ? openCluster({ ...options, env: terminal.env, userAgent, clock, log })
    : undefined;
  const namespace = options.namespace ?? cluster?.connection.namespace ?? 'default';
  if (cluster !== undefined) progress.show('Reading the cluster');
  const world =
    cluster === undefined
      ? worldOfFiles(documents, options.accountNamespace ?? namespace, log)
      : await worldOfCluster(cluster, scopeOf(options, cluster), { clock, log, signal });
  layOver(world, documents);
  const chosen = options.filename.length === 0 ? allOf(world) : choose(documents, world, namespace);
  const lifetime = new AbortController();
  const sources = createCredentialSources({
    own: ownCredentials(options, terminal.env),
    policy: accounts.policy,
    client: world.reader,
    secretOf: (source) => world.accountObjects.secretOf(source),
    clock,
    log,
  });
  const context: StepsContext<NoWrites> = {
    ...world,
    client: world.reader,
    requireTenantLabel: options.requireTenantLabel,
    sources,
    accounts: accounts.accounts,
    brands: createBrands({
      fleet: world.fleet,
      sources,
      accounts: accounts.accounts,
      intervalMs: brandIntervalMs,
      clock,
      lifetime: lifetime.signal,
    }),
    // How long a deletion was tried is not known here.
    revokeGiveUpAfterMs: 0,
    log,
  };
  if (chosen.policies.length > 0) progress.show('Listing the users of policies');
  const ofPolicies = await planPolicies(
    chosen.policies,
    {
      ...context,
      policies: world.policies,
      selectorKeys: options.watchSelector === undefined ? [] : selectorKeys(options.watchSelector),
      clock,
      lister: createLister(clock),
    },
    signal,
  );
  const { tasks, gone } = tasksOf(chosen, ofPolicies);
  const planned = await planAll(tasks, context, terminal, progress);
  progress.end();
  lifetime.abort(new Error('The plan is made.'));
  const objects = [...chosen.refused, ...gone, ...planned].toSorted(byName);
  const policies = ofPolicies.policies.toSorted(byName);
  await out.write(printed(planOf(objects, policies), options.output, out));
  return exitCodeOf(objects, policies);
}

type Task = Pick<Wanted, 'object'> & About;

/** What is to be planned: objects as they are wanted, and children as their policies would have made them. */
function tasksOf(
  { wanted, policies }: Chosen,
  { children }: PlannedPolicies,
): { readonly tasks: readonly Task[]; readonly gone: readonly Planned[] } {
  const whereOf = new Map(policies.map(({ policy, where }) => [policy.key, where]));
  const changed = new Set(children.map(({ object }) => object.key));
  return {
    tasks: [
      ...wanted.filter(({ object }) => !changed.has(object.key)),
      ...children
        .filter(({ isGone }) => !isGone)
        .map(({ object, policy, change }) => ({
          object,
          policy: policy.name,
          change,
          where: whereOf.get(policy.key),
        })),
    ],
    gone: children.filter(({ isGone }) => isGone).map((each) => plannedRemoval(each, whereOf.get(each.policy.key))),
  };
}

function scopeOf(options: PlanOptions, { connection }: Cluster) {
  return {
    namespaces:
      options.namespace === undefined || options.filename.length > 0 ? options.watchNamespaces : [options.namespace],
    labelSelector: options.watchSelector,
    accountNamespace: options.accountNamespace ?? connection.namespace,
  };
}

async function planAll(
  tasks: readonly Task[],
  context: StepsContext<NoWrites>,
  { clock, signal }: Pick<Terminal, 'clock' | 'signal'>,
  progress: Progress,
): Promise<readonly Planned[]> {
  const inFlight = new Semaphore(maxInFlight);
  const tries = createTries(clock);
  let done = 0;
  progress.show('Planning objects', done, tasks.length);
  return await Promise.all(
    tasks.map(async (task) => {
      const { object } = task;
      const end = await inFlight.acquire(signal);
      try {
        const actions: WouldWrite[] = [];
        const writes = supposedWrites<NoWrites>((action) => actions.push(action));
        const steps = await takeSteps(
          object,
          { context, writes, tries: tries.of(object), onStatus: () => {} },
          AbortSignal.any([signal, AbortSignal.timeout(maxObjectMs)]),
        );
        return plannedOf(object, steps, actions, task);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'TimeoutError') throw error;
        return unavailable(task);
      } finally {
        progress.show('Planning objects', ++done, tasks.length);
        end();
      }
    }),
  );
}

const unavailable = ({ object: { namespace, name }, where }: Task): Planned => ({
  namespace,
  name,
  action: 'error',
  reason: 'Unavailable',
  message: 'It could not be planned in time. Run the plan again.',
  ...(where === undefined ? {} : { where }),
});

/** As long as a reconcile may take. */
const maxObjectMs = 180_000;

type Named = Pick<Planned, 'namespace' | 'name'>;
const byName = (a: Named, b: Named): number => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1);
