/**
 * What a partner writes: `spec` of a TenantUpsellPolicy. The one place where its fields, defaults and rules are decided; the CRD is generated from here,
 * and the cache parses every policy with it. As for the other kinds, a field that it does not know is dropped.
 */
import * as z from 'zod';
import {
  accountFields,
  asSet,
  deletionPolicies,
  isSet,
  managementPolicies,
  oneAccountRule,
  uuidText,
} from '../fields.ts';
import { apiGroup } from '../names.ts';
import { withRules } from '../rules.ts';

/** The kinds of tenants that the API knows. */
export const tenantKinds = ['partner', 'folder', 'customer', 'unit'] as const;
export type TenantKind = (typeof tenantKinds)[number];

const rolePattern = '^[a-z][a-z0-9_]*$';
const roleExpression = new RegExp(rolePattern);
const role = withRules(z.string().max(64), [
  {
    cel: `self.matches('${rolePattern}')`,
    message: "roles are names as the API has them (role_id of a user's access policies), such as company_admin",
    holds: (name) => roleExpression.test(name),
  },
]);

const linePattern = '^[^ \\t\\r\\n]([^\\r\\n]*[^ \\t\\r\\n])?$';
const lineExpression = new RegExp(linePattern);
/** One login has at most 256 characters. UTF-16 units here: a glob needs no more. */
const pattern = (field: 'logins' | 'exclude', what: string) =>
  withRules(z.string().min(1).max(256), [
    {
      cel: `self.matches('${linePattern.replaceAll('\\', '\\\\')}')`,
      message: `${field} has ${what}, each on one line and without a space at its ends`,
      holds: (text) => lineExpression.test(text),
    },
  ]);

const users = z.object({
  roles: z
    .array(role)
    .max(32)
    .refine(isSet, 'roles names each role once')
    .default(['company_admin'])
    .meta(asSet)
    .describe("Users that have any of these roles on their own tenant. An empty list: whatever the user's roles are."),
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether only users that are enabled match. With false disabled ones match too.'),
  logins: z
    .array(pattern('logins', 'globs such as *@customer.example'))
    .min(1)
    .max(64)
    .refine(isSet, 'logins has each glob once')
    .optional()
    .meta(asSet)
    .describe(
      'Only users whose login matches any of these globs: * stands for any text, ? for one character, and upper and lower case are the same. Without it: every login.',
    ),
  exclude: z
    .array(pattern('exclude', 'ids of users, or globs of logins such as test-*'))
    .max(1_000)
    .refine(isSet, 'exclude names each user once')
    .default([])
    .meta(asSet)
    .describe('Users that never match, by id or by a glob of the login. It wins over everything else.'),
});

const keyPattern = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$';
const keyExpression = new RegExp(keyPattern);
const valuePattern = '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$';
const valueExpression = new RegExp(valuePattern);

const keyRules = (field: 'labels' | 'annotations') => [
  {
    cel: `self.all(key, key.matches('${keyPattern}'))`,
    message: `the keys of ${field} are names, with a prefix or without, such as team or example.com/team`,
    holds: (map: Readonly<Record<string, string>>) => Object.keys(map).every((key) => keyExpression.test(key)),
  },
  {
    cel: `self.all(key, !key.startsWith('${apiGroup}/'))`,
    message: `${field} that begin with ${apiGroup}/ are the operator's own; leave them out`,
    holds: (map: Readonly<Record<string, string>>) => Object.keys(map).every((key) => !key.startsWith(`${apiGroup}/`)),
  },
];

const template = z.object({
  labels: withRules(z.record(z.string(), z.string().max(63)).meta({ maxProperties: 32 }), [
    ...keyRules('labels'),
    {
      cel: `self.all(key, self[key].matches('${valuePattern}'))`,
      message: 'the values of labels are letters, digits, and - _ . between them',
      holds: (map) => Object.values(map).every((value) => valueExpression.test(value)),
    },
  ])
    .optional()
    .describe('Labels of each child, besides the one that names its policy.'),
  annotations: withRules(
    z.record(z.string(), z.string().max(4_096)).meta({ maxProperties: 32 }),
    keyRules('annotations'),
  )
    .optional()
    .describe('Annotations of each child.'),
  spec: z
    .object({
      managementPolicy: z.enum(managementPolicies).default('Enforce').describe('As in a TenantUserUpsell.'),
      deletionPolicy: z
        .enum(deletionPolicies)
        .default('Retain')
        .describe(
          'As in a TenantUserUpsell: what becomes of the types of a user that matches no more, and of all of them when this policy is deleted.',
        ),
      suspend: z.boolean().default(false).describe('As in a TenantUserUpsell.'),
    })
    .prefault({})
    .describe('What each child says of its user.'),
});

const limits = z.object({
  maxUsers: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(5_000)
    .describe(
      'How many users may match. Where more do, no child is made or removed until this is raised or the selection is narrowed.',
    ),
  maxRemovals: z
    .int()
    .min(0)
    .max(100)
    .default(10)
    .describe(
      `How many children may go at a time, in percent of those there are. Where more would, none goes until the annotation ${apiGroup}/approve names their number.`,
    ),
  maxNewPerHour: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(0)
    .describe('How many children may be made in an hour; 0 for no limit. Each new buyer starts mail to a customer.'),
});

export const policySpecSchema = withRules(
  z.object({
    tenantID: uuidText('tenantID is a UUID as the API shows it, such as ede9f834-70b3-476c-83d9-736f9f8c7dae').describe(
      'The tenant where the selection begins.',
    ),
    includeSubtenants: z
      .boolean()
      .default(true)
      .describe('Whether users of the tenants below it are selected too, or those of this tenant alone.'),
    tenantKinds: z
      .array(z.enum(tenantKinds))
      .min(1)
      .max(4)
      .refine(isSet, 'tenantKinds names each kind once')
      .default(['customer'])
      .meta(asSet)
      .describe('Users of tenants of these kinds are selected.'),
    users: users.prefault({}).describe('Which users of these tenants match: all that is given must hold.'),
    ...accountFields,
    template: template.prefault({}).describe('What the children get. They use the API client of this policy.'),
    limits: limits
      .prefault({})
      .describe('The brakes: what happens when a selection turns out other than it was meant.'),
    suspend: z
      .boolean()
      .default(false)
      .describe(
        'While true nothing is listed, and no child is made, changed or removed. Children themselves go on; see template.spec.suspend.',
      ),
  }),
  [oneAccountRule],
);

export type PolicySpec = z.output<typeof policySpecSchema>;

/** Which users a policy means, and what a command line can ask for without one. */
export type Selection = Pick<PolicySpec, 'tenantID' | 'includeSubtenants' | 'tenantKinds' | 'users'>;
