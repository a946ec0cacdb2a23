/**
 * Credentials of an API client, as they come from three places (environment, mounted files, a Secret) under the same three names, and are
 * judged once, here: complete, and with a URL that they may be sent to.
 */
import { messageOf } from './causes/table.ts';
import { checkUrl, type UrlPolicy } from './http/url.ts';

export interface Credentials {
  /** Base of the API, ending in `/api/2`. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export type CredentialsResult =
  | { readonly kind: 'found'; readonly credentials: Credentials }
  | { readonly kind: 'missing'; readonly problem: string }
  | { readonly kind: 'urlNotAllowed'; readonly problem: string };

/** Keys of a Secret and names of mounted files. */
export const credentialKeys = ['url', 'clientID', 'clientSecret'] as const;
export type CredentialKey = (typeof credentialKeys)[number];

/**
 * @param values what was found under each key; absent and empty are the same.
 * @param where how to name the place in a sentence, such as `Secret acronis-credentials`.
 * @param nameOf how a key is called in that place.
 * @param advice what to do where one is missing.
 */
export function parseCredentials(
  values: Readonly<Partial<Record<CredentialKey, string | undefined>>>,
  where: string,
  policy: UrlPolicy,
  nameOf: (key: CredentialKey) => string = (key) => key,
  advice = 'Add what is missing to it.',
): CredentialsResult {
  const clean = (key: CredentialKey) => values[key]?.trim() ?? '';
  const absent = credentialKeys.filter((key) => clean(key) === '').map(nameOf);
  if (absent.length > 0) {
    const facts = { place: where, keys: absent.join(', '), advice };
    return { kind: 'missing', problem: messageOf('credentials-incomplete', facts) };
  }
  const url = checkUrl(clean('url'), policy);
  if (!url.ok) return { kind: 'urlNotAllowed', problem: `${where}: ${url.problem}` };
  return {
    kind: 'found',
    credentials: { url: url.base, clientId: clean('clientID'), clientSecret: clean('clientSecret') },
  };
}
