/**
 * Reads the fleet and shows it: by one list, or with `--watch` by the operator's own reflector, so that the API server is asked once and sends what changes.
 * On a terminal the screen is drawn again in place; in a pipe each state is a document of its own.
 */

import { tenantUpsellPolicies, tenantUserUpsells } from '../../api/names.ts';
import { transformTenantUserUpsell } from '../../api/object.ts';
import { transformPolicy } from '../../api/policy/object.ts';
import { createFleet } from '../../fleet/cache/objects.ts';
import { isForbidden, isNotFound } from '../../kubernetes/calls/errors.ts';
import { Reflector } from '../../runtime/reflector/reflector.ts';
import { Store } from '../../runtime/store/store.ts';
import { type Cluster, openCluster } from '../connect/cluster.ts';
import { type ListScope, listObjects } from '../connect/list.ts';
import { notesTo } from '../connect/notes.ts';
import { CommandError } from '../end.ts';
import { asJson, asYaml } from '../output/formats.ts';
import { silentLog, uncounted } from '../silent.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { StatusFlags } from './command.ts';
import { screen } from './screen.ts';
import { type FleetSummary, type PolicySummary, policySummary, summarize } from './summary.ts';

/** A change is shown so soon, and no more often: a fleet that comes up changes a thousand times a second. */
const redrawMs = 300;
/** How often the ages on a terminal go on. */
const ageMs = 10_000;

/** @throws KubeconfigError, KubernetesError, CommandError, ClosedPipe. */
export async function showStatus(flags: StatusFlags, terminal: Terminal): Promise<number> {
  const { clock, env, version } = terminal;
  await using cluster = openCluster({
    ...flags,
    env,
    userAgent: `kubectl-upsell/${version}`,
    clock,
    log: notesTo(terminal),
  });
  const scope: ListScope = {
    ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
    ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
  };
  // Also before a watch: a mistake is reported immediately, where a reflector would try again for ever.
  const first = await readOnce(cluster, scope, terminal);
  if (!flags.watch) await terminal.out.write(textOf(first, flags, terminal));
  else await follow(cluster, scope, flags, terminal);
  return 0;
}

async function readOnce({ reader }: Cluster, scope: ListScope, { signal }: Terminal): Promise<FleetSummary> {
  const fleet = createFleet(silentLog);
  try {
    for await (const raw of listObjects(reader, tenantUserUpsells, scope, signal)) {
      const object = transformTenantUserUpsell(raw);
      if (object !== undefined) fleet.upsert(object);
    }
  } catch (error) {
    if (isNotFound(error))
      throw new CommandError('The cluster has no TenantUserUpsells: install the CRDs first, or name another cluster.');
    if (isForbidden(error) && scope.namespace === undefined)
      throw new CommandError('You may not list TenantUserUpsells of all namespaces: name one with --namespace.');
    throw error;
  }
  const policies: PolicySummary[] = [];
  try {
    for await (const raw of listObjects(reader, tenantUpsellPolicies, scope, signal)) {
      const policy = transformPolicy(raw);
      if (policy !== undefined) policies.push(policySummary(policy));
    }
  } catch (error) {
    // Of an older installation, or not this caller's to see: the fleet is shown without them.
    if (!isNotFound(error) && !isForbidden(error)) throw error;
  }
  return summarize(fleet.values(), policies);
}

/** Runs until the reader is gone or the process ends. @throws ClosedPipe. */
async function follow({ reader }: Cluster, scope: ListScope, flags: StatusFlags, terminal: Terminal): Promise<void> {
  const { clock, out, signal } = terminal;
  const fleet = createFleet(silentLog);
  const policies = new Store<NonNullable<ReturnType<typeof transformPolicy>>>({ log: silentLog });
  const shared = { client: reader, clock, random: Math.random, log: silentLog, metrics: uncounted, ...scope };
  const objects = new Reflector({
    ...shared,
    resource: tenantUserUpsells,
    store: fleet,
    transform: (raw) => transformTenantUserUpsell(raw, (key) => fleet.get(key)),
  });
  const ofPolicies = new Reflector({
    ...shared,
    resource: tenantUpsellPolicies,
    store: policies,
    transform: transformPolicy,
  });
  const end = new AbortController();
  let changed = Promise.withResolvers<void>();
  const onChange = () => changed.resolve();
  fleet.subscribe(onChange);
  policies.subscribe(onChange);
  const running = [objects.run(end.signal), ofPolicies.run(end.signal)];
  try {
    await objects.synced;
    let shown = '';
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      const summary = summarize(fleet.values(), [...policies.values()].map(policySummary));
      const trouble = objects.healthy ? undefined : objects.problem;
      const text = textOf(summary, flags, terminal, trouble);
      if (out.isTerminal && flags.output === 'table') await out.write(`${clearScreen}${text}`);
      // In a pipe a state that is the one before is none.
      else if (text !== shown) await out.write(text + (flags.output === 'table' ? '\n' : ''));
      shown = text;
      await clock.sleep(redrawMs, signal);
      await Promise.race([changed.promise, clock.sleep(ageMs, signal)]);
    }
  } finally {
    end.abort(new Error('The command ends.'));
    await Promise.all(running);
  }
}

/** To the first line, and nothing left of what was there. */
const clearScreen = '\x1b[H\x1b[2J';

function textOf(
  summary: FleetSummary,
  { output, watch }: StatusFlags,
  { out, clock }: Terminal,
  trouble?: string,
): string {
  switch (output) {
    case 'json':
      return watch ? `${JSON.stringify(summary)}\n` : asJson(summary);
    case 'yaml':
      return watch ? `---\n${asYaml(summary)}` : asYaml(summary);
    case 'table': {
      const width = out.width ?? Number.POSITIVE_INFINITY;
      const height = (out.height ?? Number.POSITIVE_INFINITY) - (trouble === undefined ? 0 : 1);
      const options = { width, height, now: clock.wall(), style: out.style };
      const lines = screen(summary, options);
      const warning = trouble === undefined ? [] : [out.style('red', `Not up to date: ${trouble}`.slice(0, width))];
      return [...lines, ...warning].map((line) => `${line}\n`).join('');
    }
  }
}
