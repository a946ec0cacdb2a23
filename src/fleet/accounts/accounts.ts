/**
 * One account: an API client at a data center, and everything that is kept per account (token, rate limit, batched reads, change feed).
 * Accounts with the same URL, client and secret are the same account, wherever their credentials came from.
 */
import { createHash } from 'node:crypto';
import { type AcronisReads, type AcronisWrites, createApi } from '../../acronis/api.ts';
import { createTokenSource } from '../../acronis/calls/token.ts';
import { type ChangeFeed, createChangeFeed } from '../../acronis/change-feed.ts';
import type { Credentials } from '../../acronis/credentials.ts';
import type { Send } from '../../acronis/http/http.ts';
import { type Circuit, createCircuit } from '../../acronis/limits/circuit.ts';
import { type AccountLimits, createRateLimiter, type RateLimiter } from '../../acronis/limits/rate-limiter.ts';
import type { AcronisMetrics } from '../../acronis/metrics.ts';
import { createUserReader, type UserReader } from '../../acronis/user-reader.ts';
import type { Clock, Random } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { createTenantTree, type TenantTree } from './tenant-tree.ts';

/** @typeParam W its port for writes: a command that only reads has accounts without one. */
export interface Account<W = AcronisWrites> {
  /** One for each account; it reveals nothing of the credentials. */
  readonly id: string;
  readonly api: AcronisReads;
  readonly writes: W;
  readonly users: UserReader;
  readonly changes: ChangeFeed;
  readonly tenants: TenantTree;
  /** For the branding that is in force. */
  readonly branding: Pick<AcronisReads, 'getTenants' | 'hasBuyUrl'>;
  /** Whether, and why, it is left alone for a while because Acronis did not respond. */
  readonly circuit: Pick<Circuit, 'isOpen' | 'problem'>;
  /** For how long nothing is sent, in milliseconds, since Acronis asked for a pause. */
  readonly heldForMs: number;
  /** Nothing but a try now and then is sent just now: it does not respond, or asked for a pause. */
  isPaused(): boolean;
  /** How many objects of it may be worked on just now: few while it is paused, and no more than its rate serves in a few seconds. */
  room(): number;
}

/** How the requests of one account leave: over connections of its own. */
export interface AccountConnection {
  readonly send: Send;
  /** Resolves once the requests in flight have ended. */
  close(): Promise<void>;
}

export interface AccountOptions<W> {
  /** What is to leave through an account: the port itself, or nothing. */
  readonly writesOf: (port: AcronisWrites) => W;
  readonly connect: () => AccountConnection;
  /** Of the account with this id, as they are now. */
  readonly limitsOf: (id: string) => AccountLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: AcronisMetrics;
  readonly log?: Log;
  /** Aborted when the operator stops. */
  readonly lifetime: AbortSignal;
}

/** While an account is paused a reconcile fails immediately, but for one that tries; so all objects report what is wrong within a bounded time. */
const pausedRoom = 4;
/** Seconds' worth of requests that may wait for their turn in reconciles; what is beyond waits in the queue. */
const rateRoomSeconds = 5;

export interface Accounts<W = AcronisWrites> {
  of(credentials: Credentials): Account<W>;
  /** Forgets every account that none of these belong to, tokens included. */
  keepOnly(credentials: readonly Credentials[]): void;
  /** The room of the account with this id; without limit where there is none. */
  roomOf(id: string): number;
  readonly size: number;
  readonly openCircuits: number;
  /** Closes the connections of all accounts. */
  close(): Promise<void>;
}

export function createAccounts<W>(options: AccountOptions<W>): Accounts<W> {
  const accounts = new Map<string, Account<W>>();
  const connections = new Map<string, AccountConnection>();
  return {
    of(credentials) {
      const id = accountIdOf(credentials);
      const known = accounts.get(id);
      if (known !== undefined) return known;
      const connection = options.connect();
      connections.set(id, connection);
      const account = createAccount(id, credentials, connection.send, options);
      accounts.set(id, account);
      return account;
    },
    keepOnly(credentials) {
      const ids = new Set(credentials.map(accountIdOf));
      // Work in flight goes on with the account it has, and ends with it.
      for (const id of [...accounts.keys()]) {
        if (ids.has(id)) continue;
        accounts.delete(id);
        void connections.get(id)?.close();
        connections.delete(id);
      }
    },
    roomOf: (id) => accounts.get(id)?.room() ?? Number.POSITIVE_INFINITY,
    get size() {
      return accounts.size;
    },
    get openCircuits() {
      return [...accounts.values()].filter(({ circuit }) => circuit.isOpen).length;
    },
    async close() {
      await Promise.all([...connections.values()].map((connection) => connection.close()));
    },
  };
}

function createAccount<W>(id: string, credentials: Credentials, send: Send, options: AccountOptions<W>): Account<W> {
  const { clock, metrics, log, lifetime } = options;
  const { url, clientId, clientSecret } = credentials;
  const limits = () => options.limitsOf(id);
  const limiter = createRateLimiter({ ...options, limits, onThrottled: (seconds) => metrics.throttled(seconds) });
  const circuit = createCircuit({
    ...options,
    onOpen: (why, ms) =>
      log?.warn('Acronis does not respond; it is left alone for a while, and its objects say Unavailable', {
        account: id,
        why: `${why.message} (${why.detail})`,
        forMs: ms,
      }),
    onClose: () => log?.info('Acronis responds again', { account: id }),
  });
  const isPaused = () => circuit.isOpen || limiter.isHeld;
  const rateRoom = () => {
    const { rate } = limits();
    return rate === 0 ? Number.POSITIVE_INFINITY : Math.max(pausedRoom, rate * rateRoomSeconds);
  };
  const guarded: Pick<RateLimiter, 'run'> = {
    run: (call, signal, subject) => circuit.run(() => limiter.run(call, signal, subject), subject),
  };
  const tokens = createTokenSource({ url, clientId, clientSecret, send, limiter: guarded, clock, metrics, lifetime });
  const api = createApi({ url, clientId, send, tokens, limiter: guarded, clock, metrics });
  // Not for the feed and for branding: where these alone fail, and little else is asked, it would close off what works.
  const unguarded = createApi({ url, clientId, send, tokens, limiter, clock, metrics });
  return {
    id,
    api,
    writes: options.writesOf(api),
    users: createUserReader({ api, clock, lifetime }),
    changes: createChangeFeed(unguarded, clock),
    tenants: createTenantTree(api, clock),
    branding: unguarded,
    circuit,
    get heldForMs() {
      return limiter.heldForMs;
    },
    isPaused,
    room: () => (isPaused() ? pausedRoom : rateRoom()),
  };
}

/** The id of the account that these belong to. Called at every reconcile of an object, and made once for each set of credentials that was read. */
const fingerprints = new WeakMap<Credentials, string>();
export function accountIdOf(credentials: Credentials): string {
  let print = fingerprints.get(credentials);
  if (print === undefined) {
    const { url, clientId, clientSecret } = credentials;
    print = createHash('sha256')
      .update(JSON.stringify([url, clientId, clientSecret]))
      .digest('hex')
      .slice(0, 16);
    fingerprints.set(credentials, print);
  }
  return print;
}
