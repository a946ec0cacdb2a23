/**
 * What a day brings to a fleet, in minutes, for the picture of the dashboard: objects in waves, a policy whose users come and go, people in the console, an account
 * whose secret is wrong, a branding without a Buy URL, a data center that throttles and one that is away.
 */
import type { Sandbox } from '../sandbox/acronis/sandbox.ts';
import { ownRole } from '../sandbox/acronis/state/roles.ts';
import type { ControlPlane } from '../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../sandbox/controlplane/kubectl.ts';
import { systemClock } from '../src/base/clock.ts';

/** Users that objects are written for by hand; the sandbox has as many besides. */
export const count = 400;

export interface Day {
  readonly cluster: ControlPlane;
  readonly acronis: Sandbox;
  readonly signal: AbortSignal;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
}

const object = (kind: string, name: string, spec: object) => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
});
const upsell = (name: string, spec: object) => object('TenantUserUpsell', name, spec);

export async function live({ cluster, acronis, signal, from, to }: Day): Promise<void> {
  const { directory, console: portal, faults, cast } = acronis;
  const all = directory.all().filter(({ deletedAt }) => deletedAt === undefined);
  const users = all
    .filter(({ businessTypes }) => businessTypes.length === 0)
    .slice(-count)
    .map(({ id }) => id);
  const own = new Set(users);
  const customers = new Set(cast.tenants.customers);
  const others = all.filter(({ id, tenant }) => !own.has(id) && customers.has(tenant.id));
  const administrators = others.filter(({ roles }) => roles === ownRole('company_admin'));
  const ordinary = others.filter(({ roles }) => roles === ownRole('backup_user'));
  const apply = (items: readonly object[]) =>
    kubectlOk(cluster, ['apply', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  const wave = (at: number, end: number) =>
    apply(users.slice(at, end).map((userID, index) => upsell(`user-${at + index}`, { userID })));
  const giveRole = (role: string, to: readonly { readonly id: string }[]) => {
    for (const { id } of to) portal.setRoles(id, ownRole(role));
  };
  const events: readonly (readonly [share: number, happens: () => unknown])[] = [
    [0.02, () => apply(accountsOf(acronis))],
    [0.08, () => wave(0, 150)],
    [0.12, () => apply([policyOf(acronis)])],
    [0.2, () => apply(odd(users))],
    [0.3, () => wave(150, 300)],
    [0.35, () => giveRole('company_admin', ordinary.slice(0, 12))],
    [0.4, () => portal.setTenant(cast.tenants.partner, { upsellUrl: '' })],
    [0.45, () => ordinary.slice(0, 8).map(({ id }) => portal.edit(id, { notifications: [] }))],
    [0.5, () => faults.add({ kind: 'status', status: 429, retryAfter: 5, probability: 0.5, times: 12 })],
    [0.55, () => giveRole('backup_user', administrators.slice(0, 3))],
    [0.62, () => wave(300, count - 2)],
    [0.7, () => portal.setTenant(cast.tenants.partner, { upsellUrl: 'https://buy.example.com' })],
    [0.72, () => faults.add({ kind: 'status', status: 503, body: 'html', times: 12 })],
    // More than a policy lets go by itself.
    [0.8, () => giveRole('backup_user', administrators.slice(3, 33))],
  ];
  let done = 0;
  for (let tick = 0; Date.now() / 1_000 < to; tick++) {
    await systemClock.sleep(2_000, signal);
    const share = (Date.now() / 1_000 - from) / (to - from);
    for (const [, happens] of events.slice(done).filter(([at]) => at <= share)) {
      done++;
      await happens();
    }
    const someUser = users[(tick * 37) % 140];
    if (share > 0.25 && tick % 3 === 0 && someUser !== undefined) portal.strip(someUser);
  }
}

function accountsOf({ url, clientId, clientSecret }: Sandbox): readonly object[] {
  const account = (name: string, secret: string) => [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default' },
      stringData: { url, clientID: clientId, clientSecret: secret },
    },
    object('AcronisAccount', name, { credentialsSecretRef: { name } }),
  ];
  return [...account('partner', clientSecret), ...account('old-client', 'not-the-secret-any-more')];
}

const policyOf = ({ cast }: Sandbox): object =>
  object('TenantUpsellPolicy', 'company-administrators', {
    tenantID: cast.tenants.partner,
    accountRef: { name: 'partner' },
  });

const odd = (users: readonly (string | undefined)[]): readonly object[] => [
  upsell('unknown-user', { userID: '99999999-9999-4999-8999-999999999999' }),
  upsell('keyless', { userID: users[0], credentialsSecretRef: { name: 'none' } }),
  upsell('resting', { userID: users[count - 1], suspend: true }),
  upsell('looking', { userID: users[count - 2], managementPolicy: 'Observe' }),
];
