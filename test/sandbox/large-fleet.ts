/**
 * A fleet whose size is the point: the whole serving half of the operator (queue, workers, change feed, resync), over real HTTP against the sandbox, in one
 * process and on one clock that the test moves. Time passes only while nothing is in flight, so hours take seconds and every request can be counted.
 * The API server is the one in memory: nothing here is about it.
 */

import { userItem } from '../../sandbox/acronis/calls/views.ts';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { brandInForce } from '../../sandbox/acronis/state/tenants.ts';
import { createConnections } from '../../src/acronis/http/connections.ts';
import { createDispatcher, createSend, type Send } from '../../src/acronis/http/http.ts';
import { parseUser } from '../../src/acronis/user.ts';
import { tenantUserUpsells } from '../../src/api/names.ts';
import { systemClock } from '../../src/base/clock.ts';
import { offerOf } from '../../src/controllers/upsell/assess/offer.ts';
import type { ReconcileContext } from '../../src/controllers/upsell/context.ts';
import { MissingLinks } from '../../src/controllers/upsell/report/missing-links.ts';
import { report } from '../../src/controllers/upsell/report/report.ts';
import { connectTriggers } from '../../src/controllers/upsell/triggers/triggers.ts';
import { assignedVerdict } from '../../src/controllers/upsell/verdicts/verdicts.ts';
import { createAccountObjects } from '../../src/fleet/accounts/account-objects.ts';
import { createAccounts } from '../../src/fleet/accounts/accounts.ts';
import { createBrands } from '../../src/fleet/brands/brands.ts';
import { createNamespaceStore } from '../../src/fleet/cache/namespaces.ts';
import { createFleet } from '../../src/fleet/cache/objects.ts';
import { createPolicyStore } from '../../src/fleet/cache/policies.ts';
import { createCredentialSources } from '../../src/fleet/credentials/sources.ts';
import { createFailureReports } from '../../src/fleet/status/failure-reports.ts';
import { PrunedFields } from '../../src/fleet/status/pruned-fields.ts';
import { createWritesInFlight } from '../../src/fleet/status/writes-in-flight.ts';
import type { Verifier } from '../../src/fleet/verifier/verifier.ts';
import { createAccountLoops } from '../../src/operator/account-loops.ts';
import { runAll } from '../../src/operator/loops.ts';
import { createUpsellController } from '../../src/operator/upsell-controller.ts';
import { WorkQueue } from '../../src/runtime/workqueue/queue.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { quietLog, quietMetrics } from '../support/quiet.ts';
import { RecordedLog } from '../support/recorded-log.ts';
import { FakeCluster } from '../unit/controllers/upsell/fake-cluster.ts';

const week = 7 * 24 * 3_600_000;
const never = new AbortController().signal;
const untold = { normal: () => {}, warning: () => {}, flush: async () => {} };

export class LargeFleet implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly cluster: FakeCluster;
  readonly acronis: Sandbox;
  /** Ids of the users that objects name, in the order of the objects. */
  readonly users: readonly string[];
  /** What the operator that serves now has said and counted. */
  log = new RecordedLog();
  drift = { found: 0, corrected: 0 };
  readonly #fleet = createFleet(quietLog);
  readonly #namespaces = createNamespaceStore(quietLog);
  readonly #accountObjects = createAccountObjects({ namespace: 'sys', log: quietLog, isSynced: () => true });
  readonly #connections = createConnections({ open: () => createDispatcher({ anyAddress: true }), clock: systemClock });
  readonly #send: Send;
  #underWay = 0;
  #counted: Readonly<Record<string, number>> = {};
  #triggered: Pick<Verifier, 'add' | 'recheck'> | undefined;
  #stop = async () => {};

  private constructor(acronis: Sandbox, clock: ManualClock, size: number) {
    this.clock = clock;
    this.acronis = acronis;
    this.cluster = new FakeCluster(this.#fleet);
    this.users = acronis.directory
      .all()
      .slice(-size)
      .map(({ id }) => id);
    // Time stands still during a request, so its deadline is the real clock's.
    const send = createSend({ clock: systemClock, connections: this.#connections, userAgent: 'large-fleet/0' });
    this.#send = async (request, signal) => {
      this.#underWay++;
      try {
        return await send(request, signal);
      } finally {
        this.#underWay--;
      }
    };
    this.#namespaces.upsert({ key: 'customers', namespace: '', tenantId: undefined, labels: {} });
    connectTriggers({
      fleet: this.#fleet,
      namespaces: this.#namespaces,
      accountObjects: this.#accountObjects,
      verifier: {
        add: (key, priority) => this.#triggered?.add(key, priority),
        recheck: (key) => this.#triggered?.recheck(key),
      },
    });
  }

  /** As many users, all of them buyers, and an object for each that is Ready, as the operator itself would have reported it. */
  static async start(size: number): Promise<LargeFleet> {
    const clock = new ManualClock();
    const acronis = await startSandbox({ users: size, tenants: 50, clock });
    const large = new LargeFleet(acronis, clock, size);
    for (const [at, id] of large.users.entries()) {
      const user = acronis.directory.get(id);
      if (user === undefined) throw new Error('the directory names it');
      acronis.directory.update(user, { businessTypes: ['buyer'] });
      const key = large.cluster.create({ userID: id }, { name: `user-${at}` });
      const shown = parseUser(userItem(user, 'full', true, acronis.switches.current));
      if (!shown.ok || shown.shown.evidence.kind !== 'seen') throw new Error('it is a user');
      const found = offerOf(
        shown.shown.evidence.user,
        brandInForce(user.tenant, 'above')?.upsellUrl ? 'set' : 'notSet',
      );
      if (found.kind !== 'offer') throw new Error('the Buy URL is given');
      const findings = {
        verdict: assignedVerdict,
        facts: { kind: 'user', user: shown.shown.evidence.user, offer: found.offer },
        assigned: { userID: id, tenantID: user.tenant.id },
      } as const;
      const pruned = new PrunedFields({ resource: tenantUserUpsells, clock, log: quietLog });
      const failureReports = createFailureReports({ flowOf: (key) => key, clock: systemClock });
      const missingLinks = new MissingLinks(untold, large.#fleet);
      const writesInFlight = createWritesInFlight((key) => key);
      const options = {
        client: large.cluster,
        events: untold,
        failureReports,
        writesInFlight,
        missingLinks,
        pruned,
        clock,
      };
      await report(large.cluster.object(key), findings, undefined, options, never);
    }
    return large;
  }

  /** An operator that knows nothing yet but what the cluster says, long after anything happened. */
  async serve({ resyncIntervalMs = week }: { readonly resyncIntervalMs?: number } = {}): Promise<void> {
    await this.#stop();
    this.acronis.reset();
    await this.clock.advance(3_600_000);
    this.cluster.patches.length = 0;
    this.#counted = {};
    this.log = new RecordedLog();
    this.drift = { found: 0, corrected: 0 };
    const { clock, log, drift, acronis } = this;
    const { url, clientId: clientID, clientSecret } = acronis;
    const end = new AbortController();
    const sources = createCredentialSources({
      own: { kind: 'environment', values: { url, clientID, clientSecret } },
      policy: { hosts: [], insecure: true },
      client: this.cluster,
      secretOf: () => undefined,
      clock,
      log,
    });
    const accounts = createAccounts({
      writesOf: (port) => port,
      connect: () => ({ send: this.#send, close: async () => {} }),
      limitsOf: () => ({ concurrency: 8, rate: 0 }),
      clock,
      random: () => 0.5,
      metrics: quietMetrics.acronis,
      lifetime: end.signal,
    });
    const fleet = this.#fleet;
    const brands = createBrands({ fleet, sources, accounts, intervalMs: week, clock, lifetime: end.signal });
    const context: ReconcileContext = {
      fleet,
      namespaces: this.#namespaces,
      accountObjects: this.#accountObjects,
      client: this.cluster,
      sources,
      accounts,
      brands,
      requireTenantLabel: false,
      revokeGiveUpAfterMs: 3_600_000,
      events: untold,
      failureReports: createFailureReports({ flowOf: (key) => key, clock: systemClock }),
      writesInFlight: createWritesInFlight((key) => key),
      pruned: new PrunedFields({ resource: tenantUserUpsells, clock, log }),
      missingLinks: new MissingLinks(untold, this.#fleet),
      clock,
      log,
      metrics: {
        ...quietMetrics.upsell,
        driftFound: (count) => {
          drift.found += count;
        },
        driftCorrected: () => {
          drift.corrected++;
        },
      },
    };
    const queue = new WorkQueue({ clock, random: () => 0.5, metrics: quietMetrics.queue, maxInFlight: 64 });
    const accountLoops = createAccountLoops({
      ...context,
      policies: createPolicyStore(context.log),
      driftIntervalMs: 60_000,
    });
    const controller = createUpsellController({
      context,
      queue,
      triggers: (triggered) => {
        this.#triggered = triggered;
      },
      accountLoops,
      brands,
      brandIntervalMs: week,
      driftIntervalMs: 60_000,
      resyncIntervalMs,
      controllerMetrics: quietMetrics.controller,
      hardStop: end.signal,
    });
    const served = runAll([controller, ...accountLoops.loops], end.signal);
    this.#stop = async () => {
      end.abort(new Error('stop'));
      await served;
    };
  }

  /** Lets time pass, and everything that is due in it come to its end. */
  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (;;) {
      await this.#quiet();
      const next = this.clock.nextIn;
      if (next === undefined || this.clock.now() + next > until) break;
      await this.clock.advance(next);
    }
    await this.clock.advance(until - this.clock.now());
  }

  /** Requests since the last call, by route: exactly those that were made. */
  requests(): Record<string, number> {
    const now = this.acronis.ledger.stats().byRoute;
    const made = Object.entries(now).map(([route, count]) => [route, count - (this.#counted[route] ?? 0)] as const);
    this.#counted = now;
    return Object.fromEntries(made.filter(([, count]) => count > 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.#connections.close();
    await this.acronis.stop();
  }

  /** Nothing is in flight, and whatever followed from the last response has begun. */
  async #quiet(): Promise<void> {
    for (let still = 0; still < 3; ) {
      await settle();
      still = this.#underWay === 0 ? still + 1 : 0;
    }
  }
}
