/**
 * Lists the users of a tree and prints objects for those that have none. All matches are known before the first is printed, as three short texts each: they are
 * sorted, and a list that broke off prints nothing, since half of it would look like the whole. Nothing is written on either side.
 */

import { isId } from '../../acronis/user.ts';
import { tenantUserUpsells } from '../../api/names.ts';
import { childName } from '../../api/policy/children.ts';
import { policySpecSchema, type Selection } from '../../api/policy/spec.ts';
import { judgeUsers } from '../../fleet/selection/judge-users.ts';
import { type SelectionGap, selectUsers } from '../../fleet/selection/select-users.ts';
import { isForbidden, isNotFound } from '../../kubernetes/calls/errors.ts';
import { openAccounts, type ReadOnlyAccount } from '../connect/accounts.ts';
import { type Cluster, openCluster } from '../connect/cluster.ts';
import { listObjects } from '../connect/list.ts';
import { notesTo } from '../connect/notes.ts';
import { CommandError } from '../end.ts';
import { asJson } from '../output/formats.ts';
import { tableOf } from '../output/table.ts';
import { createProgress, type Progress } from '../terminal/progress.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { ImportFlags } from './command.ts';
import { accountFor } from './credentials.ts';
import { type AccountReference, ambiguousLogins, byTenantAndUser, documentOf, type ImportedUser } from './documents.ts';
import { type ExistingObject, ExistingObjects, existingObject } from './existing.ts';
import { policyDocument } from './policy-document.ts';
import { type PruneLine, pruneLine } from './prune.ts';

/** So much text is written at a time: a pipe is asked seldom, and little is held. */
const chunkCharacters = 64 * 1_024;

/** @throws CommandError, AcronisError, KubernetesError, KubeconfigError, ProxySettingsError, ClosedPipe. */
export async function importUsers(flags: ImportFlags, terminal: Terminal): Promise<number> {
  const { clock, env, signal, version } = terminal;
  const { selection, maxUsersByDefault } = selectionOf(flags);
  const userAgent = `kubectl-upsell/${version}`;
  const log = notesTo(terminal);
  await using accounts = openAccounts({ config: flags, env, userAgent, clock });
  await using cluster = flags.cluster ? openCluster({ ...flags, env, userAgent, clock, log }) : undefined;
  const namespace = flags.namespace ?? cluster?.connection.namespace ?? 'default';
  const account = await accountFor(flags, namespace, accounts, cluster, env, signal);
  using progress = createProgress(terminal);
  try {
    const existing = cluster === undefined ? [] : await readExisting(cluster, namespace, progress, terminal);
    if (flags.pruneReport) {
      const lines = await pruneReport(existing, { account, selection, namespace, progress, terminal });
      progress.end();
      await terminal.out.write(flags.output === 'json' ? asJson(lines) : reportTable(lines, terminal));
      return 0;
    }
    const { users, unjudged } = await readUsers(account, selection, flags.by === 'login', progress, terminal);
    progress.end();
    if (unjudged > 0)
      await note(
        terminal,
        `${grouped(unjudged)} users could not be judged, since Acronis does not show what the selection needs of them: they are left out.`,
      );
    const reference = referenceOf(flags);
    const target = { namespace, ...(reference === undefined ? {} : { reference }) };
    if (flags.policy) {
      const policy = { ...target, tenantID: selection.tenantID, roles: flags.role, matched: users.length };
      await terminal.out.write(policyDocument({ ...policy, maxUsersByDefault }));
      await note(terminal, `${grouped(users.length)} users match now.`);
      return 0;
    }
    const known = new ExistingObjects();
    for (const object of existing) known.add(object);
    const fresh = users.filter((user) => !known.has(user, `${namespace}/${childName(user.userID)}`));
    const options = {
      ...target,
      by: flags.by,
      nameOf: childName,
      ambiguous: ambiguousLogins(flags.by === 'login' ? users : []),
    };
    let chunk = '';
    for (const user of fresh) {
      chunk += documentOf(user, options);
      if (chunk.length < chunkCharacters) continue;
      await terminal.out.write(chunk);
      chunk = '';
    }
    if (chunk !== '') await terminal.out.write(chunk);
    const left = users.length - fresh.length;
    await note(
      terminal,
      `${grouped(users.length)} users match: ${grouped(fresh.length)} objects printed, ${grouped(left)} left out that have one.`,
    );
    return 0;
  } finally {
    progress.end();
  }
}

function selectionOf({ tenant, role }: ImportFlags): { selection: Selection; maxUsersByDefault: number } {
  if (!isId(tenant))
    throw new CommandError('--tenant is a UUID as the API shows it, such as ede9f834-70b3-476c-83d9-736f9f8c7dae.', 2);
  const spec = policySpecSchema.parse({ tenantID: tenant.toLowerCase(), users: { roles: role } });
  return { selection: spec, maxUsersByDefault: spec.limits.maxUsers };
}

const referenceOf = ({ withAccount: account, withSecret: secret }: ImportFlags): AccountReference | undefined =>
  account !== undefined
    ? { kind: 'account', name: account }
    : secret !== undefined
      ? { kind: 'secret', name: secret }
      : undefined;

async function readUsers(
  account: ReadOnlyAccount,
  selection: Selection,
  keepsLogins: boolean,
  progress: Progress,
  { clock, signal }: Terminal,
): Promise<{ readonly users: readonly ImportedUser[]; readonly unjudged: number }> {
  const users: ImportedUser[] = [];
  const found = selectUsers({ account, selection, clock, signal });
  progress.show('Reading users');
  for (;;) {
    const next = await found.next();
    if (next.done === true) {
      if (next.value.kind === 'incomplete') throw new CommandError(gap(next.value.why));
      return { users: users.sort(byTenantAndUser), unjudged: next.value.unjudged.size };
    }
    const { userId: userID, tenantId: tenantID, login } = next.value;
    users.push({ userID, tenantID, login: keepsLogins ? login : '' });
    progress.show('Reading users', users.length);
  }
}

function gap(why: SelectionGap): string {
  switch (why.kind) {
    case 'failed':
      return why.error.message;
    case 'rootNotShown':
      return 'Acronis does not show this tenant to the API client. Correct --tenant, or use a client of this tenant or of one above.';
    case 'unjudged':
      return `Acronis does not show what the selection needs (${why.what}) of ${grouped(why.users)} users. Nothing is printed, since the list would not be whole.`;
    case 'repeated':
    case 'endless':
    case 'unreadable':
      return 'The list of users was not whole: it changed while it was read, or something between broke it. Run it again.';
  }
}

/** Objects of all namespaces; of this one alone where no more may be read. */
async function readExisting(
  { reader }: Cluster,
  namespace: string,
  progress: Progress,
  terminal: Terminal,
): Promise<readonly ExistingObject[]> {
  const read = async (scope: { readonly namespace?: string }) => {
    const found: ExistingObject[] = [];
    progress.show('Reading objects');
    for await (const raw of listObjects(reader, tenantUserUpsells, scope, terminal.signal)) {
      const object = existingObject(raw);
      if (object !== undefined) found.push(object);
      progress.show('Reading objects', found.length);
    }
    return found;
  };
  try {
    return await read({}).catch(async (error: unknown) => {
      if (!isForbidden(error)) throw error;
      await note(terminal, `You may not list objects of all namespaces: those of ${namespace} alone are left out.`);
      return await read({ namespace });
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await note(terminal, 'The cluster has no TenantUserUpsells yet: install the CRDs before this is applied.');
    return [];
  }
}

interface PruneOptions {
  readonly account: ReadOnlyAccount;
  readonly selection: Selection;
  readonly namespace: string;
  readonly progress: Progress;
  readonly terminal: Terminal;
}

async function pruneReport(
  existing: readonly ExistingObject[],
  { account, selection, namespace, progress, terminal }: PruneOptions,
): Promise<readonly PruneLine[]> {
  const own = existing.filter(({ key, isChild }) => key.startsWith(`${namespace}/`) && !isChild);
  const lines: PruneLine[] = [];
  let unproved = 0;
  for (let at = 0; at < own.length; at += batchSize) {
    progress.show('Reading users', at, own.length);
    const some = own.slice(at, at + batchSize);
    const ids = some.flatMap(({ userID }) => userID ?? []);
    const judged = await judgeUsers(ids, { account, selection, signal: terminal.signal });
    for (const object of some) {
      const judgement = object.userID === undefined ? undefined : judged.get(object.userID);
      const line = judgement === undefined ? undefined : pruneLine(object, judgement);
      if (line !== undefined) lines.push(line);
      if (judgement === undefined || judgement.kind === 'notShown' || judgement.kind === 'unjudged') unproved++;
    }
  }
  progress.end();
  if (unproved > 0)
    await note(
      terminal,
      `Of ${grouped(unproved)} objects Acronis does not show enough to say anything; they are not in the report.`,
    );
  return lines.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of users: ten reads. */
const batchSize = 1_000;

function reportTable(lines: readonly PruneLine[], { out }: Terminal): string {
  if (lines.length === 0) return 'No object here has a user that is gone or matches no more.\n';
  const columns = [
    { heading: 'NAMESPACE' },
    { heading: 'NAME' },
    { heading: 'REASON' },
    { heading: 'MESSAGE', wraps: true },
  ];
  return tableOf(
    columns,
    lines.map(({ namespace, name, reason, message }) => [namespace, name, reason, message]),
    out,
  );
}

const note = async ({ err }: Terminal, text: string): Promise<void> => {
  await err.write(`${text}\n`).catch(() => {});
};

const grouped = (count: number): string => count.toLocaleString('en');
