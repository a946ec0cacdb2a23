/**
 * Where credentials come from, kept: the operator's own and Secrets that objects name.
 * Each source in use is read again every few seconds, so that a rotation is seen without a restart and without the right to watch Secrets.
 * What a source said last that was good is remembered, for objects whose deletion must still take a type away.
 */
import type { Credentials, CredentialsResult } from '../../acronis/credentials.ts';
import type { UrlPolicy } from '../../acronis/http/url.ts';
import { orAborted } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import { ownSource, type Source } from '../objects.ts';
import { type OwnCredentials, readOwn, readSecret } from './read.ts';

export interface CredentialSources {
  /** What the source says now, or said a few seconds ago. @throws KubernetesError where a Secret could not be asked for. */
  read(source: Source, signal: AbortSignal): Promise<CredentialsResult>;
  /** The last good credentials of a source, even if it is gone by now. */
  lastGood(source: Source): Credentials | undefined;
  /** Reads the sources in use again and again until the signal is aborted, and calls `onChange` for each that says something else than before. */
  run(inUse: () => Iterable<Source>, onChange: (source: Source) => void, signal: AbortSignal): Promise<void>;
  /** All credentials that somebody may still use. */
  remembered(): Iterable<Credentials>;
}

export interface SourcesOptions {
  readonly own: OwnCredentials;
  readonly policy: UrlPolicy;
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** A change is seen within this time, while there are no more than `mostReadsPerSecond` times as many Secrets in use. */
const rereadMs = 10_000;
const mostReadsPerSecond = 20;

interface Pending {
  readonly result: Promise<CredentialsResult>;
  readonly end: AbortController;
  waiting: number;
}

export function createCredentialSources({ own, policy, client, clock, log }: SourcesOptions): CredentialSources {
  const known = new Map<Source, { result: CredentialsResult; at: number }>();
  const good = new Map<Source, Credentials>();
  const pending = new Map<Source, Pending>();
  /** What `run` compares with: a change that a reconcile was the first to read is news to all other objects all the same. */
  const told = new Map<Source, CredentialsResult>();

  const fetch = async (source: Source, signal: AbortSignal): Promise<CredentialsResult> => {
    const result = source === ownSource ? await readOwn(own, policy) : await readSecret(source, client, policy, signal);
    known.set(source, { result, at: clock.now() });
    if (!told.has(source)) told.set(source, result);
    if (result.kind === 'found') good.set(source, result.credentials);
    return result;
  };

  const begin = (source: Source): Pending => {
    const end = new AbortController();
    const result = fetch(source, end.signal).finally(() => forget(source, end));
    // Whoever asked may have been aborted by the time it fails.
    result.catch(() => {});
    const started = { result, end, waiting: 0 };
    pending.set(source, started);
    return started;
  };
  const forget = (source: Source, end: AbortController) => {
    if (pending.get(source)?.end === end) pending.delete(source);
  };

  /** One request for a source, however many ask; it ends early only when none of them waits any more. */
  const fetchOnce = async (source: Source, signal: AbortSignal): Promise<CredentialsResult> => {
    const request = pending.get(source) ?? begin(source);
    request.waiting++;
    try {
      return await orAborted(request.result, signal);
    } finally {
      request.waiting--;
      if (request.waiting === 0) {
        forget(source, request.end);
        request.end.abort(new Error('nobody waits for these credentials any more'));
      }
    }
  };

  return {
    async read(source, signal) {
      const entry = known.get(source);
      if (entry !== undefined && clock.now() - entry.at < 2 * rereadMs) return entry.result;
      return await fetchOnce(source, signal);
    },
    lastGood: (source) => good.get(source),
    remembered: () => good.values(),
    async run(inUse, onChange, signal) {
      const failing = new Set<Source>();
      while (!signal.aborted) {
        const used = new Set(inUse());
        for (const source of [...known.keys(), ...good.keys(), ...told.keys(), ...failing]) {
          if (!used.has(source)) for (const each of [known, good, told, failing]) each.delete(source);
        }
        await clock.sleep(Math.max(rereadMs, (used.size / mostReadsPerSecond) * 1000), signal).catch(() => {});
        for (const source of used) {
          if (signal.aborted) return;
          const name = source === ownSource ? 'own' : source;
          try {
            const now = await fetchOnce(source, signal);
            failing.delete(source);
            const before = told.get(source);
            if (before === undefined || sameResult(before, now)) continue;
            told.set(source, now);
            log.info('credentials changed', { source: name, found: now.kind });
            onChange(source);
          } catch (error) {
            if (signal.aborted || failing.has(source)) continue;
            failing.add(source);
            log.warn('credentials could not be read; the last ones are kept', { source: name, error: String(error) });
          }
        }
      }
    },
  };
}

const sameResult = (a: CredentialsResult, b: CredentialsResult): boolean => JSON.stringify(a) === JSON.stringify(b);
