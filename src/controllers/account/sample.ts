/**
 * What is seen of an AcronisAccount now: its Secret, how its API client's calls fare, and its change feed. The feed is polled all the time, so a call is made
 * here only where that does not show that calls are served: before the client's tenant is known, and while the feed is not read.
 */
import { AcronisError } from '../../acronis/errors.ts';
import type { AcronisAccount } from '../../api/account/object.ts';
import type { Account } from '../../fleet/accounts/accounts.ts';
import { accountSource } from '../../fleet/cache/objects.ts';
import type { AccountContext } from './context.ts';
import type { Probe, Sample } from './health.ts';

/** What a reconcile saw, and the facts beside the conditions. */
export interface Seen {
  readonly sample: Sample;
  readonly url?: string | undefined;
  readonly tenantID?: string | undefined;
}

/** What is known of the API client of one AcronisAccount since its credentials were last other ones. */
export interface ClientMemory {
  readonly accountId: string;
  tenantID: string | undefined;
  /** The last call that was made here and was served: when, by the steady clock, and what the feed was refused for then. */
  served: { readonly at: number; readonly feed: string } | undefined;
}

/** While the feed is refused although calls are served, one is made as rarely. */
const probeEveryMs = 60_000;

/** @throws KubernetesError where the Secret could not be asked for, or the signal's reason. */
export async function see(
  { name, spec, status }: AcronisAccount,
  context: AccountContext,
  client: ClientMemory | undefined,
  signal: AbortSignal,
): Promise<Seen & { readonly client: ClientMemory | undefined }> {
  if (!spec.ok) return { sample: { kind: 'invalidSpec', problem: spec.problem }, client };
  const read = await context.sources.read(accountSource(name), signal);
  if (read.kind !== 'found') {
    const reason = read.kind === 'missing' ? 'CredentialsMissing' : 'UrlNotAllowed';
    return { sample: { kind: 'noCredentials', reason, problem: read.problem }, client: undefined };
  }
  const account = context.accounts.of(read.credentials);
  const known = client?.accountId === account.id ? client : newClient(account.id);
  const probe = await probeOf(account, known, context, signal);
  const { changes, circuit, heldForMs } = account;
  const url = originOf(read.credentials.url);
  return {
    sample: { kind: 'account', probe, circuit: circuit.problem?.message, heldMs: heldForMs, feed: changes.state },
    url,
    // What was found before a restart stays while Acronis cannot be asked.
    tenantID: known.tenantID ?? (status.url === url ? status.tenantID : undefined),
    client: known,
  };
}

const newClient = (accountId: string): ClientMemory => ({ accountId, tenantID: undefined, served: undefined });

/** Undefined where no call was needed. */
async function probeOf(
  account: Account,
  client: ClientMemory,
  { clock }: AccountContext,
  signal: AbortSignal,
): Promise<Probe | undefined> {
  const { state } = account.changes;
  const isRead = state.kind === 'following' || state.kind === 'behind';
  const feed = state.kind === 'refused' ? state.why : '';
  const { served } = client;
  const isFresh = served !== undefined && served.feed === feed && clock.now() - served.at < probeEveryMs;
  if (isFresh || (isRead && client.tenantID !== undefined)) return undefined;
  try {
    client.tenantID = await account.api.getRootTenant(signal);
    client.served = { at: clock.now(), feed };
    return { kind: 'served' };
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    client.served = undefined;
    return { kind: 'failed', cause: error.kind, message: error.message };
  }
}

/** As people write it: without the path of the API. */
const originOf = (base: string): string => base.replace(/\/api\/2$/, '');
