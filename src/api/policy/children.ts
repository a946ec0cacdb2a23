/** How the TenantUserUpsell of a user is named where no person named it: the same by a policy and by the command line, so that neither makes a second one. */
import { policyLabel } from '../names.ts';

const prefix = 'u-';

/** @param userId as the API shows it, or in upper case. */
export const childName = (userId: string): string => prefix + userId.toLowerCase();

/** The labels of a child, from those that its policy gives. */
export const childLabels = (
  policy: string,
  labels: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => ({ ...labels, [policyLabel]: policy });
