/** The CRD of AcronisAccounts. Its columns answer why drift is not corrected: whether Acronis can be asked, and whether its change feed is followed. */
import { conditionPath, definitionOf, type JsonSchema } from '../crd.ts';
import { acronisAccounts } from '../names.ts';
import { accountSpecSchema } from './spec.ts';
import { accountStatusDefault, accountStatusSchema } from './status.ts';

export const accountDefinition = (): JsonSchema =>
  definitionOf({
    ...acronisAccounts,
    shortName: 'acct',
    description:
      "An API client at a data center of Acronis Cyber Protect Cloud, for the objects of the namespaces that it allows. It is read in the operator's namespace.",
    columns: [
      { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'The data center' },
      { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'status') },
      { name: 'Reason', type: 'string', jsonPath: conditionPath('Ready', 'reason') },
      {
        name: 'ChangeFeed',
        type: 'string',
        jsonPath: conditionPath('ChangeFeed', 'reason'),
        description: 'Following: drift is corrected as it happens. Otherwise the resync finds it',
      },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      {
        name: 'Tenant',
        type: 'string',
        jsonPath: '.status.tenantID',
        priority: 1,
        description: "The API client's own",
      },
      { name: 'Message', type: 'string', jsonPath: conditionPath('Ready', 'message'), priority: 1 },
      { name: 'Feed-Message', type: 'string', jsonPath: conditionPath('ChangeFeed', 'message'), priority: 1 },
    ],
    selectable: ['.spec.credentialsSecretRef.name', '.status.url', '.status.tenantID'],
    spec: accountSpecSchema,
    status: accountStatusSchema,
    statusDefault: accountStatusDefault,
  });
