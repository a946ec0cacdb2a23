/**
 * The least that Node can do the job with: it watches, reads in batches, PUTs and patches the status, and does nothing else. No queue, no retries, no lease, no log, no
 * metrics, no checks; whatever goes wrong ends it. It is no operator: it shows what the requests themselves cost with `undici.request`, over the same connections and with
 * the same room for the heap as ours, so that what ours adds to them can be told.
 */
import { Agent, type Dispatcher, request } from 'undici';
import * as z from 'zod';
import { systemClock } from '../../src/clock.ts';
import { keepHeapSmall } from '../../src/heap.ts';
import { openConnection } from '../../src/kubernetes/connection.ts';
import type { Log } from '../../src/observability/log.ts';

const environment = z.object({
  KUBECONFIG: z.string(),
  ACRONIS_URL: z.string(),
  ACRONIS_CLIENT_ID: z.string(),
  ACRONIS_CLIENT_SECRET: z.string(),
});
const collection = '/apis/upsell.acronis.com/v1alpha1/tenantuserupsells';
/** How long reads gather. */
const windowMs = 5;
/** As ours at default flags. */
const requestsAtOnce = 8;

interface User {
  readonly id: string;
  readonly tenant_id: string;
  readonly version: number;
  readonly business_types: readonly string[];
}
interface Upsell {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly generation: number };
  readonly spec: { readonly userID: string };
}
type Ask = Pick<Dispatcher.RequestOptions, 'body'> & {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
};

let gathering: ReturnType<typeof gather> | undefined;

const settings = environment.parse(process.env);
keepHeapSmall();
const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const connection = openConnection({ kubeconfig: settings.KUBECONFIG, env: {}, clock: systemClock, log: silent });
const cluster = await connection.credentials();
const acronis = new Agent({ connections: requestsAtOnce });
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

/** Whatever it is, it is believed: a check would cost, and there is nobody here to mislead. */
async function answer<T>(dispatcher: Dispatcher, url: string, options: Ask): Promise<T> {
  return JSON.parse(await (await send(dispatcher, url, options)).text());
}

async function token(): Promise<string> {
  const basic = Buffer.from(`${settings.ACRONIS_CLIENT_ID}:${settings.ACRONIS_CLIENT_SECRET}`).toString('base64');
  const given = await answer<{ access_token: string }>(acronis, `${api}/idp/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  return given.access_token;
}

/** Without a resource version it begins with all that is there. */
async function watch(): Promise<void> {
  const url = `${cluster.origin}${collection}?watch=1`;
  const stream = await send(cluster.pools.watches, url, { headers: cluster.headers });
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

async function assign({ metadata: { namespace, name, generation }, spec: { userID } }: Upsell): Promise<void> {
  const { version } = await read(userID);
  const user = await answer<User>(acronis, `${api}/users/${userID}`, {
    method: 'PUT',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ business_types: ['buyer'], version }),
  });
  const ready = {
    type: 'Ready',
    status: 'True',
    observedGeneration: generation,
    lastTransitionTime: new Date().toISOString(),
    reason: 'BuyerAssigned',
    message: 'The user has the types and is offered more when a quota runs out.',
  };
  const status = {
    observedGeneration: generation,
    observedVersion: user.version,
    userID,
    tenantID: user.tenant_id,
    businessTypes: user.business_types,
    conditions: [ready],
  };
  const path = `/apis/upsell.acronis.com/v1alpha1/namespaces/${namespace}/tenantuserupsells/${name}/status`;
  const patched = await send(cluster.pools.calls, `${cluster.origin}${path}`, {
    method: 'PATCH',
    headers: { ...cluster.headers, 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ status }),
  });
  await patched.dump();
}

/** Reads of the same few milliseconds travel together. */
function read(id: string): Promise<User> {
  gathering ??= gather();
  gathering.ids.push(id);
  return gathering.users.then((users) => users.get(id) ?? Promise.reject(new Error(`no user ${id}`)));
}

function gather(): { readonly ids: string[]; readonly users: Promise<ReadonlyMap<string, User>> } {
  const ids: string[] = [];
  const users = new Promise((resolve) => setTimeout(resolve, windowMs)).then(async () => {
    gathering = undefined;
    const url = `${api}/users?uuids=${ids.join(',')}&lod=full`;
    const page = await answer<{ items: readonly User[] }>(acronis, url, { headers: bearer });
    return new Map(page.items.map((user) => [user.id, user]));
  });
  return { ids, users };
}
