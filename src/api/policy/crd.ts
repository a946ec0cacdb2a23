/** The CRD of TenantUpsellPolicies. Its columns say whether every user that matches has an object that is Ready, and if not, why. */
import { conditionPath, definitionOf, type JsonSchema } from '../crd.ts';
import { tenantUpsellPolicies } from '../names.ts';
import { policyNameRule } from './name.ts';
import { policySpecSchema } from './spec.ts';
import { policyStatusDefault, policyStatusSchema } from './status.ts';

export const policyDefinition = (): JsonSchema =>
  definitionOf({
    ...tenantUpsellPolicies,
    shortName: 'tup',
    description:
      'Keeps a TenantUserUpsell for every user of Acronis Cyber Protect Cloud that it selects, such as all company administrators of the customers of a partner.',
    columns: [
      { name: 'Matched', type: 'integer', jsonPath: '.status.matched', description: 'How many users match' },
      {
        name: 'Children',
        type: 'integer',
        jsonPath: '.status.children',
        description: 'How many objects it keeps for them',
      },
      { name: 'Ready', type: 'integer', jsonPath: '.status.ready', description: 'How many of these are Ready' },
      {
        name: 'Reason',
        type: 'string',
        jsonPath: conditionPath('Ready', 'reason'),
        description: 'Applied: each user that matches has its object, and no other one is left',
      },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      {
        name: 'Tenant',
        type: 'string',
        jsonPath: '.spec.tenantID',
        priority: 1,
        description: 'Where the selection begins',
      },
      {
        name: 'Buy-Now',
        type: 'integer',
        jsonPath: '.status.offers.BuyNow',
        priority: 1,
        description: 'How many are shown a link to buy',
      },
      { name: 'Message', type: 'string', jsonPath: conditionPath('Ready', 'message'), priority: 1 },
    ],
    selectable: ['.spec.tenantID', '.spec.accountRef.name', '.spec.suspend'],
    rules: [policyNameRule],
    spec: policySpecSchema,
    status: policyStatusSchema,
    statusDefault: policyStatusDefault,
  });
