/**
 * The same requests as ours and nothing else: it watches, reads in ours' batches, PUTs and patches the status. No queue, no retries, no lease, no log, no metrics, no
 * checks; whatever goes wrong ends it. It is no operator: it shows what the requests themselves cost with `undici.request`, over the same connections and with
 * the same room for the heap as ours, so that what ours adds to them can be measured.
 */
import { Agent, type Dispatcher, request } from 'undici';
import * as z from 'zod';
import { notVisible, type UserEvidence } from '../../src/acronis/evidence.ts';
import { createIdReader } from '../../src/acronis/user-reader.ts';
import { meaningOfInformed } from '../../src/api/informed.ts';
import { tenantUserUpsells } from '../../src/api/names.ts';
import { systemClock } from '../../src/base/clock.ts';
import { assignedVerdict } from '../../src/controllers/upsell/verdicts/verdicts.ts';
import { pathOf } from '../../src/kubernetes/calls/resource.ts';
import { connect } from '../connect.ts';

const environment = z.object({
  KUBECONFIG: z.string(),
  ACRONIS_URL: z.string(),
  ACRONIS_CLIENT_ID: z.string(),
  ACRONIS_CLIENT_SECRET: z.string(),
});
/** As ours at default flags. */
const requestsAtOnce = 8;

interface User {
  readonly id: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly business_types: readonly string[];
  readonly access_policies?: readonly { readonly role_id: string; readonly tenant_id: string }[];
}
interface Upsell {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
  };
  readonly spec: { readonly userID: string };
}
type Ask = Pick<Dispatcher.RequestOptions, 'body'> & {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string | string[]>>;
};

const settings = environment.parse(process.env);
const cluster = await connect(settings.KUBECONFIG).credentials();
const acronis = new Agent({ connections: requestsAtOnce, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0 });
const forever = new AbortController().signal;
const users = createIdReader({
  api: { getUsers, getUser: async (id) => (await getUsers([id])).get(id) ?? notVisible },
  clock: systemClock,
  lifetime: forever,
});
const links = new Map<string, Promise<boolean>>();
const api = `${settings.ACRONIS_URL}/api/2`;
const bearer = { authorization: `Bearer ${await token()}` };
process.on('SIGTERM', () => process.exit(0));
await watch();
throw new Error('the watch has ended');

async function send(dispatcher: Dispatcher, url: string, { method = 'GET', ...options }: Ask) {
  const { statusCode, body } = await request(url, { dispatcher, method, ...options });
  if (statusCode >= 300) throw new Error(`${method} ${url}: ${statusCode} ${await body.text()}`);
  return body;
}

/** Whatever the response is, it is trusted: a check would cost CPU time, and no user reads the result. */
async function responseOf<T>(dispatcher: Dispatcher, url: string, options: Ask): Promise<T> {
  return JSON.parse(await (await send(dispatcher, url, options)).text());
}

async function token(): Promise<string> {
  const basic = Buffer.from(`${settings.ACRONIS_CLIENT_ID}:${settings.ACRONIS_CLIENT_SECRET}`).toString('base64');
  const given = await responseOf<{ access_token: string }>(acronis, `${api}/idp/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  return given.access_token;
}

/** Without a resource version it begins with all that is there. */
async function watch(): Promise<void> {
  const url = `${cluster.origin}${pathOf(tenantUserUpsells)}?watch=1`;
  const stream = await send(cluster.lanes.watches, url, { headers: cluster.headers });
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event: { type: string; object: Upsell } = JSON.parse(line);
      if (event.type === 'ADDED') void assign(event.object);
    }
  }
}

async function assign({ metadata: { namespace, name, uid, generation }, spec: { userID } }: Upsell): Promise<void> {
  const evidence = await users.read(userID, forever);
  if (evidence.kind !== 'seen') throw new Error(`${userID} is not there`);
  const { version, isCompanyAdmin, tenantId } = evidence.user;
  const user = await responseOf<User>(acronis, `${api}/users/${userID}`, {
    method: 'PUT',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ business_types: ['buyer'], version }),
  });
  const since = { observedGeneration: generation, lastTransitionTime: new Date().toISOString() };
  const ready = { type: 'Ready', status: 'True', ...since, ...assignedVerdict };
  const reason = 'QuotaNotificationsOn';
  const informed = { type: 'Informed', ...since, reason, ...meaningOfInformed(reason) };
  const status = {
    observedGeneration: generation,
    observedVersion: user.version,
    userID,
    tenantID: user.tenant_id,
    businessTypes: user.business_types,
    assigned: { userID, tenantID: user.tenant_id },
    offer: isCompanyAdmin !== true ? 'ContactSales' : (await hasLink(tenantId)) ? 'BuyNow' : 'BuyNowWithoutLink',
    conditions: [ready, informed],
  };
  const path = pathOf(tenantUserUpsells, { namespace, name, subresource: 'status' });
  const patched = await send(cluster.lanes.bulk.dispatcher, `${cluster.origin}${path}`, {
    method: 'PATCH',
    headers: { ...cluster.headers, 'content-type': 'application/json-patch+json' },
    body: JSON.stringify([
      { op: 'test', path: '/metadata/uid', value: uid },
      ...Object.entries(status).map(([field, value]) => ({ op: 'add', path: `/status/${field}`, value })),
    ]),
  });
  await patched.dump();
}

/** Whether the branding that is in force for a tenant has a Buy URL: read once. */
function hasLink(tenantId: string): Promise<boolean> {
  let link = links.get(tenantId);
  if (link === undefined) {
    const url = `${api}/tenants/${tenantId}/brand?effective=1`;
    const brand = responseOf<{ upsell_url?: string | null }>(acronis, url, { headers: bearer });
    link = brand.then(({ upsell_url: buyUrl }) => (buyUrl ?? '') !== '');
    links.set(tenantId, link);
  }
  return link;
}

/** Only as often as ours asks: what it does with a failure is of no use here. */
async function getUsers(ids: readonly string[]): Promise<ReadonlyMap<string, UserEvidence>> {
  const url = `${api}/users?uuids=${ids.join(',')}&lod=full&with_access_policies=true&allow_deleted=true`;
  const page = await responseOf<{ items: readonly User[] }>(acronis, url, { headers: bearer });
  return new Map(page.items.map((item) => [item.id, seen(item)]));
}

function seen(user: User): UserEvidence {
  const { id, tenant_id: tenantId, version, business_types: businessTypes, access_policies: policies } = user;
  const isCompanyAdmin = policies?.some(
    ({ role_id, tenant_id }) => role_id === 'company_admin' && tenant_id === tenantId,
  );
  const unused = { login: '', externalId: '', reach: 'notShown' } as const;
  return { kind: 'seen', user: { id, tenantId, version, businessTypes, isCompanyAdmin, ...unused } };
}
