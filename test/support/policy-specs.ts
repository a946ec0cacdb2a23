/** Specs of TenantUpsellPolicies that are good and bad, for the two who judge them: zod, and the API server by CEL. */
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const by = (spec: object) => ({ tenantID, ...spec });
const users = (selection: object) => by({ users: selection });
const template = (child: object) => by({ template: child });
const limits = (brakes: object) => by({ limits: brakes });

export const goodPolicies: readonly [what: string, spec: object][] = [
  ['a tenant alone', by({})],
  ['a tenant in upper case', { tenantID: tenantID.toUpperCase() }],
  ['one tenant without those below', by({ includeSubtenants: false, tenantKinds: ['customer', 'unit'] })],
  ['any role', users({ roles: [] })],
  ['roles that came after this version', users({ roles: ['company_admin', 'role_of_2031'] })],
  ['disabled users too', users({ enabled: false })],
  ['globs of logins', users({ logins: ['*@customer.example', 'büro-?', 'a b'] })],
  ['exclusions by id and by glob', users({ exclude: [tenantID, 'test-*'] })],
  ['an account', by({ accountRef: { name: 'eu2' } })],
  ['credentials', by({ credentialsSecretRef: { name: 'acronis-credentials' } })],
  [
    'labels and annotations of children',
    template({ labels: { team: 'sales', 'example.com/tier': '' }, annotations: { 'example.com/note': 'seen: yes' } }),
  ],
  ['what children say', template({ spec: { deletionPolicy: 'Revoke', managementPolicy: 'Observe', suspend: true } })],
  ['brakes', limits({ maxUsers: 300_000, maxRemovals: 0, maxNewPerHour: 500 })],
  ['a pause', by({ suspend: true })],
];

/** The sentence is the API server's; zod says the same where the rule is in both. */
export const badPolicies: readonly [what: string, spec: object, sentence: RegExp][] = [
  ['nothing', {}, /spec\.tenantID: Required value/],
  ['a tenant that is no UUID', { tenantID: 'partner' }, /tenantID is a UUID as the API shows it/],
  ['no kind of tenant', by({ tenantKinds: [] }), /at least 1 items/],
  ['a kind twice', by({ tenantKinds: ['unit', 'unit'] }), /Duplicate value/],
  ['a kind that there is not', by({ tenantKinds: ['company'] }), /supported values: "partner", "folder"/],
  ['a role as a person says it', users({ roles: ['Company Administrator'] }), /such as company_admin/],
  ['a role twice', users({ roles: ['unit_admin', 'unit_admin'] }), /Duplicate value/],
  ['no glob', users({ logins: [] }), /at least 1 items/],
  ['an empty glob', users({ logins: [''] }), /at least 1 chars/],
  ['a glob of two lines', users({ logins: ['a\nb'] }), /each on one line and without a space at its ends/],
  ['an exclusion with a space at its end', users({ exclude: ['test-* '] }), /each on one line/],
  [
    'an account and credentials',
    by({ accountRef: { name: 'eu2' }, credentialsSecretRef: { name: 'eu2' } }),
    /give accountRef or credentialsSecretRef, not both/,
  ],
  ['a Secret of another namespace', by({ credentialsSecretRef: { name: 'a/b' } }), /Secret in this object's namespace/],
  ['a label that is none', template({ labels: { 'a b': 'c' } }), /the keys of labels are names/],
  ['a value that no label has', template({ labels: { team: 'a b' } }), /the values of labels are letters, digits/],
  ["a label of the operator's", template({ labels: { 'upsell.acronis.com/policy': 'x' } }), /the operator's own/],
  ["an annotation of the operator's", template({ annotations: { 'upsell.acronis.com/requestedAt': 'x' } }), /own/],
  ['a deletion policy that there is not', template({ spec: { deletionPolicy: 'Delete' } }), /"Retain", "Revoke"/],
  ['room for no user', limits({ maxUsers: 0 }), /greater than or equal to 1/],
  ['more than all removals', limits({ maxRemovals: 101 }), /less than or equal to 100/],
  ['fewer than no new ones', limits({ maxNewPerHour: -1 }), /greater than or equal to 0/],
];
