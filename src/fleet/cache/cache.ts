/**
 * What this operator watches in the cluster: the objects it serves, policies, the labels of namespaces, and AcronisAccounts, each kept true in a store by reflectors,
 * for all namespaces or for listed ones.
 */
import { transformAccount } from '../../api/account/object.ts';
import { acronisAccounts, tenantUpsellPolicies, tenantUserUpsells } from '../../api/names.ts';
import { type TenantUserUpsell, transformTenantUserUpsell } from '../../api/object.ts';
import { type TenantUpsellPolicy, transformPolicy } from '../../api/policy/object.ts';
import type { Clock, Random } from '../../base/clock.ts';
import { Semaphore } from '../../base/concurrency/semaphore.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import type { ReflectorMetrics } from '../../runtime/reflector/metrics.ts';
import { Reflector } from '../../runtime/reflector/reflector.ts';
import { type AccountObjects, createAccountObjects } from '../accounts/account-objects.ts';
import {
  createNamespaceStore,
  type NamespaceLabel,
  type NamespaceStore,
  namespaces,
  transformNamespace,
} from './namespaces.ts';
import { createFleet, type Fleet } from './objects.ts';
import { createPolicyStore, type PolicyStore } from './policies.ts';
import { pollNamespaces } from './poll-namespaces.ts';

export interface WatchOptions {
  /** Empty = all. */
  readonly namespaces: readonly string[];
  readonly labelSelector: string | undefined;
  /** Where AcronisAccounts are. */
  readonly accountNamespace: string;
  readonly client: KubernetesReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ReflectorMetrics;
}

export interface Watch {
  readonly fleet: Fleet;
  readonly namespaces: NamespaceStore;
  readonly accounts: AccountObjects;
  readonly policies: PolicyStore;
  /** Resolves when the stores hold the whole truth for the first time, but for listed namespaces that cannot be served. */
  readonly synced: Promise<void>;
  /** Why the stores cannot be trusted just now, as a sentence; undefined while they can. */
  problem(): string | undefined;
  /** Listed namespaces that the API server does not show, and why. They hold up no other one, and are served as soon as it does. */
  unserved(): readonly Unserved[];
  /** Why AcronisAccounts cannot be read, as a sentence. It holds up no object that names none. */
  accountsProblem(): string | undefined;
  /** Why policies cannot be read, as a sentence. It holds up no object. */
  policiesProblem(): string | undefined;
  /** Keeps the stores true until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export interface Unserved {
  readonly namespace: string;
  /** A sentence: what is wrong, and what to do about it. */
  readonly why: string;
}

/** How many of the listed namespaces are listed concurrently. The lists of all namespaces are large, and come one after the other. */
const maxLists = 4;
/** A listed namespace whose first list is not complete by then is not waited for any more, where another one is served. */
const firstListMs = 60_000;
/** How often it is seen whether the stores are synced. */
const syncCheckMs = 100;
/** AcronisAccounts and policies that cannot be listed, since their CRD is not there, hold up the start for no longer. */
const maxOthersWaitMs = 10_000;

export function createWatch(options: WatchOptions): Watch {
  const { client, clock, random, log, metrics, labelSelector } = options;
  const fleet = createFleet(log);
  const store = createNamespaceStore(log);
  const listed = options.namespaces;
  const lists = new Semaphore(listed.length === 0 ? 1 : maxLists);
  const reflect = { client, clock, random, log, metrics, lists };
  const scopes = (listed.length === 0 ? [{}] : listed.map((namespace) => ({ namespace }))).map((scope) => ({
    ...scope,
    ...(labelSelector === undefined ? {} : { labelSelector }),
  }));
  const objects = scopes.map(
    (scope) =>
      new Reflector({
        ...reflect,
        ...scope,
        resource: tenantUserUpsells,
        store: fleet,
        transform: (raw) => transformTenantUserUpsell(raw, (key) => fleet.get(key)),
      }),
  );
  // Rights that end at listed namespaces do not reach the watch of all namespaces: these are asked for one by one.
  const labels =
    listed.length === 0
      ? [new Reflector({ ...reflect, resource: namespaces, store, transform: transformNamespace })]
      : [];
  const reflectors = [...objects, ...labels];
  const accounts = createAccountObjects({
    namespace: options.accountNamespace,
    log,
    isSynced: () => accountReflector.hasSynced,
  });
  const accountReflector = new Reflector({
    ...reflect,
    lists: new Semaphore(1),
    namespace: options.accountNamespace,
    resource: acronisAccounts,
    store: accounts.store,
    transform: transformAccount,
  });
  const policies = createPolicyStore(log);
  const policyLists = new Semaphore(1);
  const policyReflectors = scopes.map(
    (scope) =>
      new Reflector<TenantUpsellPolicy>({
        ...reflect,
        ...scope,
        lists: policyLists,
        resource: tenantUpsellPolicies,
        store: policies,
        transform: transformPolicy,
      }),
  );
  const others = [accountReflector, ...policyReflectors];
  const { promise: synced, resolve: resolveSynced } = Promise.withResolvers<void>();
  let startedAt = clock.now();
  /** It is refused, or its list hangs: a namespace's own trouble while another one is served. */
  const isShown = (each: Reflector<TenantUserUpsell> | Reflector<NamespaceLabel>) =>
    !each.isRefused && (each.hasSynced || clock.now() - startedAt < firstListMs);
  const served = () => {
    const shown = reflectors.filter(isShown);
    return listed.length === 0 || shown.length === 0 ? reflectors : shown;
  };
  const othersAreDue = () =>
    others.every((each) => each.hasSynced || each.isRefused) || clock.now() - startedAt >= maxOthersWaitMs;
  const awaitSync = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted && !(served().every((each) => each.hasSynced) && othersAreDue()))
      await clock.sleep(syncCheckMs, signal).catch(() => {});
    if (!signal.aborted) resolveSynced();
  };
  const unserved = () =>
    listed.flatMap((namespace, at) => {
      const reflector = objects[at];
      return reflector === undefined || isShown(reflector) ? [] : [{ namespace, why: reflector.problem ?? '' }];
    });
  return {
    fleet,
    namespaces: store,
    accounts,
    policies,
    synced,
    problem: () => served().find((each) => !each.healthy)?.problem,
    unserved,
    accountsProblem: () => (accountReflector.healthy ? undefined : accountReflector.problem),
    policiesProblem: () => policyReflectors.find((each) => !each.healthy)?.problem,
    async run(signal) {
      startedAt = clock.now();
      void awaitSync(signal);
      const polls = listed.length === 0 ? [] : [pollNamespaces(listed, { store, client, clock, log }, signal)];
      await Promise.all([...reflectors, ...others].map((each) => each.run(signal)).concat(polls));
    },
  };
}
