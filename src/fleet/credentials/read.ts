/**
 * Reads credentials where they stand: in the operator's environment, in mounted files, or in a Secret. What is missing or cannot be right, and what to do
 * about it, is said here in the words of each place.
 */
import * as z from 'zod';
import { messageOf } from '../../acronis/causes/table.ts';
import {
  type CredentialKey,
  type CredentialsResult,
  credentialKeys,
  parseCredentials,
} from '../../acronis/credentials.ts';
import type { UrlPolicy } from '../../acronis/http/url.ts';
import { splitKey } from '../../api/object.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { isForbidden, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import type { Source } from '../cache/objects.ts';
import { readDirectory } from './directory.ts';
import { toValue, type Value } from './values.ts';

export type OwnCredentials =
  | { readonly kind: 'environment'; readonly values: Readonly<Partial<Record<CredentialKey, string | undefined>>> }
  | { readonly kind: 'directory'; readonly path: string };

const secrets = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' } as const;
const secretSchema = z.object({ kind: z.literal('Secret'), data: z.record(z.string(), z.string()).nullish() });

const environmentNames: Readonly<Record<CredentialKey, string>> = {
  url: 'ACRONIS_URL',
  clientID: 'ACRONIS_CLIENT_ID',
  clientSecret: 'ACRONIS_CLIENT_SECRET',
};

interface Place {
  /** How it is called in a sentence, such as `Secret acronis-credentials`. */
  readonly name: string;
  readonly nameOf: (key: CredentialKey) => string;
  /** What to do where something is missing. */
  readonly advice: string;
}

const environment: Place = {
  name: "The operator's environment",
  nameOf: (key) => environmentNames[key],
  advice: 'Set what is missing and restart it, or name a Secret with spec.credentialsSecretRef.',
};
const directory: Place = {
  name: "The operator's --acronis-credentials-dir",
  nameOf: (key) => key,
  advice: 'Add what is missing, or name a Secret with spec.credentialsSecretRef.',
};

/** The operator's own. A change of the environment needs a new process, a change of the files does not. */
export async function readOwn(own: OwnCredentials, policy: UrlPolicy): Promise<CredentialsResult> {
  if (own.kind === 'directory') return judge(await readDirectory(own.path), directory, policy);
  const { values } = own;
  const bytes = (key: CredentialKey) => toValue(Buffer.from(values[key] ?? ''));
  return judge(Object.fromEntries(credentialKeys.map((key) => [key, bytes(key)])), environment, policy);
}

export interface ReadSecretOptions {
  readonly client: KubernetesReader;
  readonly policy: UrlPolicy;
  /** How its namespace is called in a sentence. */
  readonly of: 'This namespace' | "The operator's namespace";
}

/**
 * @param source `namespace/name` of the Secret.
 * @throws KubernetesError where the API server could not be asked, or the signal's reason.
 */
export async function readSecret(
  source: Source,
  { client, policy, of }: ReadSecretOptions,
  signal: AbortSignal,
): Promise<CredentialsResult> {
  const { namespace, name } = splitKey(source);
  const place: Place = { name: `Secret ${name}`, nameOf: (key) => key, advice: 'Add what is missing to it.' };
  try {
    const raw = await client.request(
      { method: 'GET', path: pathOf(secrets, { namespace, name }), lane: 'credentials' },
      signal,
    );
    const secret = secretSchema.safeParse(raw).data;
    // What is no Secret says nothing about one.
    if (secret === undefined)
      throw new KubernetesError('the API server responded with something that is no Secret', {
        reason: 'InvalidResponse',
      });
    const values = Object.entries(secret.data ?? {}).map(([key, data]) => [key, toValue(Buffer.from(data, 'base64'))]);
    return judge(Object.fromEntries(values), place, policy);
  } catch (error) {
    if (isNotFound(error))
      return {
        kind: 'missing',
        problem: messageOf('secret-absent', { name, where: of }),
      };
    if (isForbidden(error))
      return {
        kind: 'missing',
        problem: messageOf('secret-forbidden', {
          name,
          where: of === 'This namespace' ? 'this namespace' : 'its namespace',
        }),
      };
    throw error;
  }
}

function judge(
  values: Readonly<Partial<Record<CredentialKey, Value | undefined>>>,
  { name, nameOf, advice }: Place,
  policy: UrlPolicy,
): CredentialsResult {
  const texts: Partial<Record<CredentialKey, string>> = {};
  const oddities: string[] = [];
  for (const key of credentialKeys) {
    const value = values[key];
    if (value?.kind === 'odd') oddities.push(`${nameOf(key)} ${value.oddity}`);
    if (value?.kind === 'text') texts[key] = value.text;
  }
  if (oddities.length > 0)
    return { kind: 'missing', problem: messageOf('credentials-odd', { place: name, oddities: oddities.join('; ') }) };
  return parseCredentials(texts, name, policy, nameOf, advice);
}
