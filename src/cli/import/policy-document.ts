/** `import --policy`: the one TenantUpsellPolicy that stands for what `import` would print. */
import { apiGroup, apiVersion } from '../../api/names.ts';
import { type AccountReference, referenceText } from './documents.ts';
import { yamlText } from './yaml-text.ts';

export interface PolicyDocument {
  readonly namespace: string;
  readonly tenantID: string;
  readonly roles: readonly string[];
  /** How many users match now. */
  readonly matched: number;
  /** The limit that a policy has where it says none. */
  readonly maxUsersByDefault: number;
  readonly reference?: AccountReference;
}

/** The same for the same selection, and another one for another tenant, so that policies of several customers have a place in one namespace. */
export function policyName({ tenantID, roles }: Pick<PolicyDocument, 'tenantID' | 'roles'>): string {
  const who = roles.length === 0 ? 'all-users' : roles.map((role) => role.replaceAll('_', '-')).join('-');
  return `${who.slice(0, 200)}-${tenantID.slice(0, 8)}`;
}

/** Where the limit that is there by default would hold these users back, or soon will: a fifth above what there is, in full thousands. */
export const maxUsersFor = (matched: number, byDefault: number): number | undefined =>
  matched * 1.1 <= byDefault ? undefined : Math.ceil((matched * 1.2) / 1_000) * 1_000;

export function policyDocument(options: PolicyDocument): string {
  const { namespace, tenantID, roles, matched, maxUsersByDefault, reference } = options;
  const maxUsers = maxUsersFor(matched, maxUsersByDefault);
  return [
    '---\n',
    `apiVersion: ${apiGroup}/${apiVersion}\n`,
    'kind: TenantUpsellPolicy\n',
    'metadata:\n',
    `  name: ${yamlText(policyName(options))}\n`,
    `  namespace: ${yamlText(namespace)}\n`,
    'spec:\n',
    `  tenantID: ${yamlText(tenantID)}\n`,
    '  users:\n',
    roles.length === 0
      ? '    roles: []\n'
      : `    roles:\n${roles.map((role) => `      - ${yamlText(role)}\n`).join('')}`,
    maxUsers === undefined ? '' : `  limits:\n    maxUsers: ${maxUsers}\n`,
    referenceText(reference),
  ].join('');
}
