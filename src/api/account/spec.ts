/**
 * What an administrator writes: `spec` of an AcronisAccount. The one place where its fields, defaults and rules are decided; the CRD is generated from here,
 * and the cache parses every account with it. As for the other kinds, a field that it does not know is dropped.
 */
import * as z from 'zod';
import { asSet, isSet, objectName, uuidText } from '../fields.ts';
import { withRules } from '../rules.ts';

const tenantId = uuidText('tenantIDs are UUIDs as the API shows them, such as ede9f834-70b3-476c-83d9-736f9f8c7dae');

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
const requirement = withRules(
  z.object({
    key: z.string().min(1).max(317).describe('The key of the label.'),
    operator: z.enum(operators).describe('How the label is compared.'),
    values: z.array(z.string().max(63)).max(64).optional().describe('For In and NotIn.'),
  }),
  [
    {
      cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message: 'values are given with In and NotIn, and with no other operator',
      holds: ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') === values.length > 0,
    },
  ],
);

/** As Kubernetes has it everywhere: all of it must hold, and an empty one selects everything. */
const labelSelector = z.object({
  matchLabels: z
    .record(z.string(), z.string().max(63))
    .optional()
    .meta({ maxProperties: 32 })
    .describe('Labels that the namespace must have, with these values.'),
  matchExpressions: z.array(requirement).max(32).optional().describe('Further requirements.'),
});
export type LabelSelector = z.output<typeof labelSelector>;

const allowedNamespaces = withRules(
  z.object({
    from: z.enum(['All', 'Selector', 'Names']).describe('All, those that selector matches, or those that names lists.'),
    selector: labelSelector
      .optional()
      .describe("With Selector: by the namespace's labels as they are now. An empty one matches every namespace."),
    names: z
      .array(objectName('names are names of namespaces, such as customer-a'))
      .max(256)
      .refine(isSet, 'names has each namespace once')
      .optional()
      .meta(asSet)
      .describe('With Names: the namespaces.'),
  }),
  [
    {
      cel: "(self.from == 'Selector') == has(self.selector)",
      message: 'selector is given with from: Selector, and only then',
      fieldPath: '.selector',
      holds: ({ from, selector }) => (from === 'Selector') === (selector !== undefined),
    },
    {
      cel: "(self.from == 'Names') == has(self.names)",
      message: 'names are given with from: Names, and only then',
      fieldPath: '.names',
      holds: ({ from, names }) => (from === 'Names') === (names !== undefined),
    },
  ],
);

const rate = withRules(z.number().min(0).max(1_000), [
  {
    cel: 'self == 0.0 || self >= 0.1',
    message: 'ratePerSecond is a number from 0.1 to 1000, or 0 for no limit',
    holds: (perSecond) => perSecond === 0 || perSecond >= 0.1,
  },
]);

export const accountSpecSchema = z.object({
  credentialsSecretRef: z
    .object({
      name: objectName('credentialsSecretRef.name is the name of a Secret beside this object').describe('Its name.'),
    })
    .describe('The Secret with the keys url, clientID and clientSecret. It is in the namespace of this object.'),
  allowedNamespaces: allowedNamespaces
    .optional()
    .describe('Whose objects may use this account, besides those of its own namespace. Without it: no other.'),
  tenantIDs: z
    .array(tenantId)
    .min(1)
    .max(100)
    .refine(isSet, 'tenantIDs names each tenant once')
    .optional()
    .meta(asSet)
    .describe(
      'Only users of these tenants and of those below them are read and written, whatever an object says. Without it: all that the API client reaches.',
    ),
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Concurrent requests, in place of --acronis-concurrency. Where accounts share an API client, the lowest counts.',
    ),
  ratePerSecond: rate
    .optional()
    .describe(
      'Requests per second, in place of --acronis-rate; 0 for no limit. Where accounts share an API client, the lowest counts.',
    ),
});

export type AccountSpec = z.output<typeof accountSpecSchema>;
