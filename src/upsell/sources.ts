/**
 * Where credentials come from, read and kept: the operator's own (environment or mounted files) and Secrets that objects name.
 * Each source in use is read again every few seconds, so that a rotation is seen without a restart and without the right to watch Secrets.
 * What a source said last that was good is remembered, for objects whose deletion must still take a type away.
 */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import {
  type CredentialKey,
  type Credentials,
  type CredentialsResult,
  credentialKeys,
  parseCredentials,
} from '../acronis/credentials.ts';
import { orAborted } from '../acronis/or-aborted.ts';
import type { UrlPolicy } from '../acronis/url.ts';
import { splitKey } from '../api/object.ts';
import type { Clock } from '../clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isForbidden, isNotFound } from '../kubernetes/errors.ts';
import { pathOf } from '../kubernetes/resource.ts';
import type { Log } from '../observability/log.ts';
import { ownSource, type Source } from './fleet.ts';

export type OwnCredentials =
  | { readonly kind: 'environment'; readonly values: Readonly<Partial<Record<CredentialKey, string | undefined>>> }
  | { readonly kind: 'directory'; readonly path: string };

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

const secrets = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' } as const;
const secretSchema = z.object({ data: z.record(z.string(), z.string()).nullish() });

const environmentNames: Readonly<Record<CredentialKey, string>> = {
  url: 'ACRONIS_URL',
  clientID: 'ACRONIS_CLIENT_ID',
  clientSecret: 'ACRONIS_CLIENT_SECRET',
};

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

async function readOwn(own: OwnCredentials, policy: UrlPolicy): Promise<CredentialsResult> {
  if (own.kind === 'environment') {
    const where = "The operator's environment";
    const result = parseCredentials(own.values, where, policy, (key) => environmentNames[key]);
    return advised(result, 'Set what is missing and start it anew, or name a Secret with spec.credentialsSecretRef.');
  }
  const result = parseCredentials(await readDirectory(own.path), "The operator's --acronis-credentials-dir", policy);
  return advised(result, 'Add what is missing, or name a Secret with spec.credentialsSecretRef.');
}

/** A mounted Secret is replaced whole, by its link `..data`; two states of it must not be read as one. */
async function readDirectory(path: string): Promise<Partial<Record<CredentialKey, string | undefined>>> {
  const current = () => realpath(join(path, '..data')).catch(() => path);
  for (let attempt = 1; ; attempt++) {
    const from = await current();
    const texts = await Promise.all(
      credentialKeys.map((key) => readFile(join(from, key), 'utf8').catch(() => undefined)),
    );
    if (attempt < 3 && from !== (await current())) continue;
    return Object.fromEntries(credentialKeys.map((key, at) => [key, texts[at]]));
  }
}

const advised = (result: CredentialsResult, advice: string): CredentialsResult =>
  result.kind === 'missing' ? { kind: 'missing', problem: `${result.problem} ${advice}` } : result;

async function readSecret(
  source: Source,
  client: KubernetesClient,
  policy: UrlPolicy,
  signal: AbortSignal,
): Promise<CredentialsResult> {
  const { namespace, name } = splitKey(source);
  try {
    const raw = await client.request({ method: 'GET', path: pathOf(secrets, { namespace, name }) }, signal);
    const data = secretSchema.safeParse(raw).data?.data ?? {};
    const values = Object.fromEntries(
      credentialKeys.map((key) => [
        key,
        Object.hasOwn(data, key) ? Buffer.from(data[key] ?? '', 'base64').toString('utf8') : undefined,
      ]),
    );
    return advised(parseCredentials(values, `Secret ${name}`, policy), 'Add what is missing to it.');
  } catch (error) {
    if (isNotFound(error))
      return {
        kind: 'missing',
        problem: `This namespace has no Secret ${name}. Create it with the keys url, clientID and clientSecret.`,
      };
    if (isForbidden(error))
      return {
        kind: 'missing',
        problem: `The operator may not read Secret ${name}. Allow its ServiceAccount to get secrets in this namespace.`,
      };
    throw error;
  }
}

const sameResult = (a: CredentialsResult, b: CredentialsResult): boolean => JSON.stringify(a) === JSON.stringify(b);
