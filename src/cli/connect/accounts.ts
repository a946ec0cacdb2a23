/**
 * Accounts at Acronis, for reading only: made of the operator's own parts, with an account's rate limit, token and connections, and without its port for writes.
 * Should a mistake try one all the same, it is refused where bytes would leave.
 */
import { createConnections } from '../../acronis/http/connections.ts';
import { createDispatcher, createSend, type Send } from '../../acronis/http/http.ts';
import { type ProxySettings, proxyFrom } from '../../acronis/http/proxy-settings.ts';
import { readOnly } from '../../acronis/http/read-only.ts';
import type { UrlPolicy } from '../../acronis/http/url.ts';
import type { Clock } from '../../base/clock.ts';
import type { ReadingConfig } from '../../config/config.ts';
import { type Account, type AccountConnection, type Accounts, createAccounts } from '../../fleet/accounts/accounts.ts';
import { maxConcurrency } from '../../fleet/accounts/limits.ts';

/** It has nothing through which a write could leave. */
export type NoWrites = undefined;
export type ReadOnlyAccount = Account<NoWrites>;

export interface ReadOnlyAccounts extends AsyncDisposable {
  readonly accounts: Accounts<NoWrites>;
  /** Where credentials may be sent. */
  readonly policy: UrlPolicy;
  /** Undefined: the way is direct. */
  readonly proxy: ProxySettings | undefined;
}

export interface ReadOnlyAccountsOptions {
  readonly config: Pick<
    ReadingConfig,
    'acronisHosts' | 'acronisAllowPrivateHosts' | 'allowInsecureAcronis' | 'acronisConcurrency' | 'acronisRate'
  >;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userAgent: string;
  readonly clock: Clock;
  /** Sees each request before it leaves, such as to count them. */
  readonly onRequest?: () => void;
}

/** How the requests of one API client leave, for reading only. */
export function connectReadOnly(
  { config, userAgent, clock, onRequest }: Omit<ReadOnlyAccountsOptions, 'env'>,
  proxy: ProxySettings | undefined,
): AccountConnection {
  const egress = { privateHosts: config.acronisAllowPrivateHosts, anyAddress: config.allowInsecureAcronis, proxy };
  const connections = createConnections({ open: () => createDispatcher(egress, maxConcurrency, clock), clock });
  const send = createSend({ clock, connections, userAgent });
  return { send: counted(readOnly(send), onRequest), close: () => connections.close() };
}

/** @throws ProxySettingsError */
export function openAccounts(options: ReadOnlyAccountsOptions): ReadOnlyAccounts {
  const { config, env, clock } = options;
  const proxy = proxyFrom(env);
  const lifetime = new AbortController();
  const connect = () => connectReadOnly(options, proxy);
  const accounts = createAccounts<NoWrites>({
    writesOf: () => undefined,
    connect,
    limitsOf: () => ({ concurrency: config.acronisConcurrency, rate: config.acronisRate }),
    clock,
    random: Math.random,
    metrics: { requested: () => {}, throttled: () => {}, countOpenCircuits: () => {} },
    lifetime: lifetime.signal,
  });
  return {
    accounts,
    policy: { hosts: config.acronisHosts, insecure: config.allowInsecureAcronis },
    proxy,
    async [Symbol.asyncDispose]() {
      lifetime.abort(new Error('The command ends.'));
      await accounts.close();
    },
  };
}

const counted =
  (send: Send, onRequest?: () => void): Send =>
  (request, signal) => {
    onRequest?.();
    return send(request, signal);
  };
