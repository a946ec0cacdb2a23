/** Specs of AcronisAccounts that are good and bad, for the two who judge them: zod, and the API server by CEL. */
const credentialsSecretRef = { name: 'eu2' };
const by = (spec: object) => ({ credentialsSecretRef, ...spec });
const from = (allowedNamespaces: object) => by({ allowedNamespaces });
const tenant = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const expression = (requirement: object) =>
  from({ from: 'Selector', selector: { matchExpressions: [{ key: 'tier', ...requirement }] } });

export const goodAccounts: readonly [what: string, spec: object][] = [
  ['a Secret alone', by({})],
  ['all namespaces', from({ from: 'All' })],
  ['named namespaces', from({ from: 'Names', names: ['customer-a', 'customer-b'] })],
  ['labelled namespaces', from({ from: 'Selector', selector: { matchLabels: { tier: 'gold' } } })],
  ['an empty selector', from({ from: 'Selector', selector: {} })],
  ['a requirement with values', expression({ operator: 'In', values: ['gold'] })],
  ['a requirement without values', expression({ operator: 'Exists' })],
  ['tenants, in either case', by({ tenantIDs: [tenant, '00000000-0000-4000-8000-00000000000A'] })],
  ['limits', by({ concurrency: 256, ratePerSecond: 0.1 })],
  ['no limit of the rate', by({ concurrency: 1, ratePerSecond: 0 })],
];

/** The sentence is the API server's; zod says the same where the rule is in both. */
export const badAccounts: readonly [what: string, spec: object, sentence: RegExp][] = [
  ['nothing', {}, /spec\.credentialsSecretRef: Required value/],
  ['a Secret without a name', { credentialsSecretRef: {} }, /credentialsSecretRef\.name: Required value/],
  ['a Secret of another namespace', { credentialsSecretRef: { name: 'a/b' } }, /name of a Secret beside this object/],
  ['namespaces from nowhere', from({}), /allowedNamespaces\.from: Required value/],
  ['namespaces from elsewhere', from({ from: 'Same' }), /supported values: "All", "Selector", "Names"/],
  ['Selector without a selector', from({ from: 'Selector' }), /selector is given with from: Selector, and only then/],
  ['a selector with All', from({ from: 'All', selector: {} }), /selector is given with from: Selector, and only then/],
  ['Names without names', from({ from: 'Names' }), /names are given with from: Names, and only then/],
  ['names with All', from({ from: 'All', names: ['a'] }), /names are given with from: Names, and only then/],
  ['a namespace that is none', from({ from: 'Names', names: ['A'] }), /names are names of namespaces/],
  ['a namespace twice', from({ from: 'Names', names: ['a', 'a'] }), /Duplicate value/],
  ['In without values', expression({ operator: 'In' }), /values are given with In and NotIn/],
  ['Exists with values', expression({ operator: 'Exists', values: ['a'] }), /values are given with In and NotIn/],
  ['an operator that there is not', expression({ operator: 'Equals' }), /supported values: "In"/],
  ['a tenant that is no UUID', by({ tenantIDs: ['root'] }), /tenantIDs are UUIDs as the API shows them/],
  ['no tenant at all', by({ tenantIDs: [] }), /at least 1 items/],
  ['a tenant twice', by({ tenantIDs: [tenant, tenant] }), /Duplicate value/],
  ['a concurrency of 0', by({ concurrency: 0 }), /concurrency.*greater than or equal to 1/],
  ['a concurrency of 257', by({ concurrency: 257 }), /concurrency.*less than or equal to 256/],
  ['a rate that is too small', by({ ratePerSecond: 0.01 }), /a number from 0.1 to 1000, or 0 for no limit/],
  ['a rate that is too large', by({ ratePerSecond: 1001 }), /ratePerSecond.*less than or equal to 1000/],
];
