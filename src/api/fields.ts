/** Forms of fields that several kinds have, each judged by zod and by the API server alike. */
import * as z from 'zod';
import { withRules } from './rules.ts';

const uuidPattern = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
const uuidExpression = new RegExp(uuidPattern);

/** A UUID as the API shows it. @param message says what to write instead. */
export const uuidText = (message: string) =>
  withRules(z.string().max(64), [
    { cel: `self.matches('${uuidPattern}')`, message, holds: (id) => uuidExpression.test(id) },
  ]);

const namePattern = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$';
const nameExpression = new RegExp(namePattern);

/** The name of an object in Kubernetes. @param message says what to write instead. */
export const objectName = (message: string) =>
  withRules(z.string().max(253), [
    { cel: `self.matches('${namePattern}')`, message, holds: (name) => nameExpression.test(name) },
  ]);

/** The fields of a spec that say which API client is used. */
export const accountFields = {
  accountRef: z
    .object({
      name: objectName(
        "accountRef.name is the name of an AcronisAccount in the operator's namespace, such as eu2-partner",
      ).describe('Its name.'),
    })
    .optional()
    .describe(
      "The AcronisAccount to use, which must allow this namespace. It is in the operator's namespace. Not together with credentialsSecretRef.",
    ),
  credentialsSecretRef: z
    .object({
      name: objectName(
        "credentialsSecretRef.name is the name of a Secret in this object's namespace, such as acronis-credentials",
      ).describe('Its name. It is in the namespace of this object, always.'),
    })
    .optional()
    .describe(
      "A Secret with the keys url, clientID and clientSecret: the API client to use. Without it and accountRef, the operator's own is used.",
    ),
};

export const oneAccountRule = {
  cel: '!has(self.accountRef) || !has(self.credentialsSecretRef)',
  message: 'give accountRef or credentialsSecretRef, not both: each says which API client is used',
  fieldPath: '.accountRef',
  holds: (spec: { readonly accountRef?: unknown; readonly credentialsSecretRef?: unknown }) =>
    spec.accountRef === undefined || spec.credentialsSecretRef === undefined,
};

/** Whether a list names each item once. */
export const isSet = (items: readonly string[]): boolean => new Set(items).size === items.length;
/** The API server refuses an item that comes twice. */
export const asSet = { 'x-kubernetes-list-type': 'set' };

/** What an object may say about how its user is treated. */
export const managementPolicies = ['Enforce', 'Observe'] as const;
export const deletionPolicies = ['Retain', 'Revoke'] as const;
