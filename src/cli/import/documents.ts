/**
 * The documents that `import` prints: one TenantUserUpsell for each user, or one TenantUpsellPolicy, as text that is stable: the same users give the same
 * bytes, whatever the order in which Acronis listed them. Invariant: a login is in it only where it was asked for, and no name or e-mail ever.
 */
import { apiGroup, apiVersion, tenantUserUpsells } from '../../api/names.ts';
import { specSchema } from '../../api/spec.ts';
import { yamlText } from './yaml-text.ts';

/** A user to be imported. */
export interface ImportedUser {
  readonly userID: string;
  readonly tenantID: string;
  /** Personal data: printed with `--by login` alone. */
  readonly login: string;
}

export type NameUsersBy = 'id' | 'login';

/** By tenant and user: the order in which documents are printed. Ids are plain ASCII. */
export const byTenantAndUser = (a: ImportedUser, b: ImportedUser): number =>
  compare(a.tenantID, b.tenantID) || compare(a.userID, b.userID);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export interface DocumentOptions {
  readonly namespace: string;
  readonly by: NameUsersBy;
  /** The name of the object of a user. */
  readonly nameOf: (userID: string) => string;
  /** Logins that do not say which user is meant, as `loginKey` writes them. */
  readonly ambiguous: ReadonlySet<string>;
  /** What each spec has besides, in this order: which account is used, for one. */
  readonly reference?: AccountReference;
}

/** Which API client the objects name; absent: the operator's own. */
export type AccountReference =
  | { readonly kind: 'account'; readonly name: string }
  | { readonly kind: 'secret'; readonly name: string };

export const loginKey = ({ tenantID, login }: Pick<ImportedUser, 'tenantID' | 'login'>): string =>
  `${tenantID}/${login.toLowerCase()}`;

/** Logins that more than one of these users has in the same tenant; without regard to case, as the search of Acronis has it. */
export function ambiguousLogins(users: Iterable<ImportedUser>): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const user of users) {
    const key = loginKey(user);
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return twice;
}

/** Whether an object can name this user by its login: the rules of the CRD hold, and no other user is meant by it. */
export const canBeNamedByLogin = (user: ImportedUser, ambiguous: ReadonlySet<string>): boolean =>
  !ambiguous.has(loginKey(user)) && specSchema.safeParse({ login: user.login, tenantID: user.tenantID }).success;

/** One document, with the line that separates it from the one before. */
export function documentOf(user: ImportedUser, options: DocumentOptions): string {
  const { namespace, by, nameOf, ambiguous, reference } = options;
  const named =
    by === 'login' && canBeNamedByLogin(user, ambiguous)
      ? `  login: ${yamlText(user.login)}\n`
      : `  userID: ${yamlText(user.userID)}\n`;
  return [
    '---\n',
    `apiVersion: ${apiGroup}/${apiVersion}\n`,
    `kind: ${tenantUserUpsells.kind}\n`,
    'metadata:\n',
    `  name: ${yamlText(nameOf(user.userID))}\n`,
    `  namespace: ${yamlText(namespace)}\n`,
    'spec:\n',
    named,
    `  tenantID: ${yamlText(user.tenantID)}\n`,
    referenceText(reference),
  ].join('');
}

export function referenceText(reference: AccountReference | undefined): string {
  if (reference === undefined) return '';
  const field = reference.kind === 'account' ? 'accountRef' : 'credentialsSecretRef';
  return `  ${field}:\n    name: ${yamlText(reference.name)}\n`;
}
