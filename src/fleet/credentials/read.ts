/**
 * Reads credentials where they stand: in the operator's environment, in mounted files, or in a Secret. What is missing, and what to do about it, is
 * said here in the words of each place.
 */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import {
  type CredentialKey,
  type CredentialsResult,
  credentialKeys,
  parseCredentials,
} from '../../acronis/credentials.ts';
import type { UrlPolicy } from '../../acronis/http/url.ts';
import { splitKey } from '../../api/object.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import { isForbidden, isNotFound } from '../../kubernetes/calls/errors.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import type { Source } from '../objects.ts';

export type OwnCredentials =
  | { readonly kind: 'environment'; readonly values: Readonly<Partial<Record<CredentialKey, string | undefined>>> }
  | { readonly kind: 'directory'; readonly path: string };

const secrets = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' } as const;
const secretSchema = z.object({ data: z.record(z.string(), z.string()).nullish() });

const environmentNames: Readonly<Record<CredentialKey, string>> = {
  url: 'ACRONIS_URL',
  clientID: 'ACRONIS_CLIENT_ID',
  clientSecret: 'ACRONIS_CLIENT_SECRET',
};

/** The operator's own. A change of the environment needs a new process, a change of the files does not. */
export async function readOwn(own: OwnCredentials, policy: UrlPolicy): Promise<CredentialsResult> {
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

/** @throws KubernetesError where the API server could not be asked, or the signal's reason. */
export async function readSecret(
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
