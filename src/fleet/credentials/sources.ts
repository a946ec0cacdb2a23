/**
 * Where credentials come from, kept: the operator's own and Secrets that objects name.
 * Each source in use is read again every few seconds, concurrently and each with its own deadline, so that a rotation is seen without a restart and without
 * the right to watch Secrets, and none waits for another.
 *
 * What was read last stays in use while a source cannot be read, for as long as that lasts; so does a good set of the operator's own while its files hold
 * none. What was good last is remembered besides, for objects whose deletion must still revoke a type.
 */
import type { Credentials, CredentialsResult } from '../../acronis/credentials.ts';
import type { UrlPolicy } from '../../acronis/http/url.ts';
import type { Clock } from '../../base/clock.ts';
import { SharedCalls } from '../../base/concurrency/shared-calls.ts';
import { before } from '../../base/deadline.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
import { accountNameOf, ownSource, type Source } from '../cache/objects.ts';
import { type OwnCredentials, readOwn, readSecret } from './read.ts';

export interface CredentialSources {
  /** What the source says now, or said when it could be read last. @throws KubernetesError where a Secret could not be read yet at all. */
  read(source: Source, signal: AbortSignal): Promise<CredentialsResult>;
  /** What it said when it could be read last, without waiting; undefined before that. */
  latest(source: Source): CredentialsResult | undefined;
  /** The last good credentials of a source, even if it is gone by now. */
  lastGood(source: Source): Credentials | undefined;
  /** Reads the sources in use again and again until the signal is aborted, and calls `onChange` for each that says something else than before. */
  run(inUse: () => Iterable<Source>, onChange: (source: Source) => void, signal: AbortSignal): Promise<void>;
  /** The next `read` asks again: what the source is may have changed. */
  expire(source: Source): void;
  /** All credentials that may still be used. */
  remembered(): Iterable<Credentials>;
}

export interface SourcesOptions {
  readonly own: OwnCredentials;
  readonly policy: UrlPolicy;
  readonly client: KubernetesReader;
  /** The Secret of an AcronisAccount, as `namespace/name`; undefined where there is no such account. */
  readonly secretOf: (source: Source) => Source | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** A change is seen within this time, while there are no more than `maxReadsPerSecond` times as many Secrets in use. */
const rereadMs = 10_000;
const maxReadsPerSecond = 20;
/** Reads in flight of the regular round. */
const maxConcurrentReads = 16;
/** One that takes longer is given up. */
const readDeadlineMs = 5_000;
const tooLate = (): Error =>
  new KubernetesError(`no response within ${readDeadlineMs / 1000} s`, { reason: 'TimedOut' });

interface Known {
  readonly result: CredentialsResult;
  /** The Secret that said so, where the source is an AcronisAccount. */
  readonly secret: Source | undefined;
  /** When it was tried last, whether or not that worked. */
  triedAt: number;
}

export function createCredentialSources({
  own,
  policy,
  client,
  secretOf,
  clock,
  log,
}: SourcesOptions): CredentialSources {
  const known = new Map<Source, Known>();
  const good = new Map<Source, Credentials>();
  const calls = new SharedCalls<CredentialsResult>();
  /** What `run` compares with: a change that a reconcile was the first to read is news to all other objects all the same. */
  const reported = new Map<Source, CredentialsResult>();
  /** What is wrong with sources that cannot be read, or whose last good set is kept. */
  const problems = new Map<Source, string>();

  const warnOnce = (source: Source, problem: string) => {
    if (problems.get(source) === problem) return;
    problems.set(source, problem);
    const kept = knownOf(source) !== undefined ? '; the last ones are kept' : '';
    log.warn(`credentials could not be read${kept}`, { source: nameOf(source), error: problem });
  };

  /** What a Secret said that the account named before says nothing of the account as it is now. */
  const knownOf = (source: Source): Known | undefined => {
    const entry = known.get(source);
    return entry?.secret === secretOf(source) ? entry : undefined;
  };

  const readNow = async (
    source: Source,
    secret: Source | undefined,
    signal: AbortSignal,
  ): Promise<CredentialsResult> => {
    const account = accountNameOf(source);
    if (account !== undefined) {
      if (secret === undefined)
        return { kind: 'missing', problem: `There is no AcronisAccount ${account} with a Secret.` };
      return await readSecret(secret, { client, policy, of: "The operator's namespace" }, signal);
    }
    if (source !== ownSource) return await readSecret(source, { client, policy, of: 'This namespace' }, signal);
    const result = await readOwn(own, policy);
    const kept = good.get(source);
    if (result.kind === 'found' || kept === undefined) return result;
    // Files are written one after the other, and by people.
    warnOnce(source, result.problem);
    return { kind: 'found', credentials: kept };
  };

  const fetch = async (source: Source, signal: AbortSignal): Promise<CredentialsResult> => {
    const entry = knownOf(source);
    const secret = secretOf(source);
    try {
      const result = await before(readNow(source, secret, signal), readDeadlineMs, tooLate, clock, signal);
      // The account names another Secret by now, or is gone: what the old one says must not be kept.
      if (secretOf(source) !== secret) return await fetch(source, signal);
      if (result.kind !== 'found' || result.credentials !== good.get(source)) problems.delete(source);
      known.set(source, { result, secret, triedAt: clock.now() });
      if (!reported.has(source)) reported.set(source, result);
      if (result.kind === 'found') good.set(source, result.credentials);
      return result;
    } catch (error) {
      if (entry !== undefined && secretOf(source) === secret) entry.triedAt = clock.now();
      throw error;
    }
  };

  /** One request for a source, however many callers wait. */
  const fetchOnce = (source: Source, signal: AbortSignal): Promise<CredentialsResult> =>
    calls.run(source, (until) => fetch(source, until), signal);

  /** One read of the regular round. */
  const check = async (source: Source, onChange: (source: Source) => void, signal: AbortSignal): Promise<void> => {
    try {
      const now = await fetchOnce(source, signal);
      const last = reported.get(source);
      if (last === undefined || sameResult(last, now)) return;
      reported.set(source, now);
      log.info('credentials changed', { source: nameOf(source), found: now.kind });
      onChange(source);
    } catch (error) {
      if (!signal.aborted) warnOnce(source, String(error));
    }
  };

  return {
    async read(source, signal) {
      const entry = knownOf(source);
      if (entry !== undefined && clock.now() - entry.triedAt < 2 * rereadMs) return entry.result;
      try {
        return await fetchOnce(source, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (entry === undefined) throw error;
        warnOnce(source, String(error));
        return entry.result;
      }
    },
    expire(source) {
      const entry = known.get(source);
      if (entry !== undefined) entry.triedAt = Number.NEGATIVE_INFINITY;
    },
    latest: (source) => knownOf(source)?.result,
    lastGood: (source) => good.get(source),
    remembered: () => good.values(),
    async run(inUse, onChange, signal) {
      while (!signal.aborted) {
        const used = new Set(inUse());
        for (const each of [known, good, reported, problems])
          for (const source of each.keys()) if (!used.has(source)) each.delete(source);
        await clock.sleep(Math.max(rereadMs, (used.size / maxReadsPerSecond) * 1000), signal).catch(() => {});
        const left = used.values();
        const some = async () => {
          for (const source of left) {
            if (signal.aborted) return;
            await check(source, onChange, signal);
          }
        };
        await Promise.all(Array.from({ length: Math.min(maxConcurrentReads, used.size) }, some));
      }
    },
  };
}

const nameOf = (source: Source): string => (source === ownSource ? 'own' : source);

const sameResult = (a: CredentialsResult, b: CredentialsResult): boolean => JSON.stringify(a) === JSON.stringify(b);
