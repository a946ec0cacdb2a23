/** The Acronis sandbox as a process of its own, so that what it costs is not counted as ours, driven through its control API. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as z from 'zod';
import { ROUTES } from '../sandbox/acronis/http/routes.ts';
import { freePort } from '../sandbox/port.ts';

const main = fileURLToPath(new URL('../sandbox/acronis/main.ts', import.meta.url));

const usersSchema = z.object({
  items: z.array(z.object({ id: z.string(), tenantId: z.string(), businessTypes: z.array(z.string()) })),
  total: z.number(),
});
export type SandboxUser = z.output<typeof usersSchema>['items'][number];

const statsSchema = z.object({
  requests: z.number(),
  byRoute: z.record(z.string(), z.number()),
  putsApplied: z.number(),
  putConflicts: z.number(),
  usersPutMoreThanOnce: z.number(),
});
export type AcronisStats = z.output<typeof statsSchema>;

const castSchema = z.object({
  clients: z.object({ customer: z.string() }),
  tenants: z.object({ partner: z.string() }),
});
const secretSchema = z.object({ clientSecret: z.string() });
const faultSchema = z.object({ number: z.number() });

const userSchema = z.object({ user: z.object({ business_types: z.array(z.string()) }) });

export interface Acronis {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly pid: number;
  /** Counts since the last reset. */
  stats(): Promise<AcronisStats>;
  /** Forgets the counts; users stay. */
  reset(): Promise<void>;
  /** The people of the beginning again; tokens end, counts are forgotten. */
  reseed(): Promise<void>;
  /** Users who are not buyers yet, always in the same order. */
  strangers(count: number): Promise<readonly SandboxUser[]>;
  /** Other people: so many, in so many customers of the partner. @returns the partner's tenant. `reseed` ends it. */
  populate(people: { readonly users: number; readonly tenants: number }): Promise<string>;
  /** What an administrator does in the console. */
  setRoles(id: string, roles: readonly string[]): Promise<void>;
  strip(id: string): Promise<void>;
  isBuyer(id: string): Promise<boolean>;
  /** Another API client of the same data center. */
  otherAccount(): Promise<{ readonly clientId: string; readonly clientSecret: string }>;
  /** From now on no request of this API client but that for a token is responded to. @returns what ends it. */
  hang(clientId: string): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** So many made-up users that at least `strangers` of them are no buyers: every tenth is one. */
const usersFor = (strangers: number): number => Math.ceil((strangers * 10) / 9) + 20;

/** @param tenants customers over whom the users are spread, and half as many units. */
export async function startAcronis(strangers: number, tenants: number): Promise<Acronis> {
  const [port, clientId, clientSecret] = [await freePort(), 'bench-client', 'bench-secret'];
  const users = usersFor(strangers);
  const flags = [
    `--port=${port}`,
    `--users=${users}`,
    `--tenants=${tenants}`,
    `--client-id=${clientId}`,
    `--client-secret=${clientSecret}`,
  ];
  const child = execa(process.execPath, [main, ...flags], {
    stdin: 'ignore',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  });
  const url = `http://127.0.0.1:${port}`;
  const stdout = child.stdout;
  // It greets when it listens.
  await Promise.race([
    once(stdout, 'data'),
    child.then(() => Promise.reject(new Error('The Acronis sandbox ended at its start.'))),
  ]);
  stdout.resume();

  const ask = async <T>(path: string, schema: z.ZodType<T>, method = 'GET', body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/_sandbox/${path}`, { method, body: JSON.stringify(body) ?? null });
    return schema.parse(await response.json());
  };
  return {
    url,
    clientId,
    clientSecret,
    pid: child.pid ?? -1,
    stats: () => ask('stats', statsSchema),
    reset: async () => void (await ask('reset', z.unknown(), 'POST')),
    reseed: async () => void (await ask('seed', z.unknown(), 'POST', { users, tenants })),
    populate: async (people) =>
      (await ask('seed', castSchema, 'POST', { users: people.users, tenants: people.tenants })).tenants.partner,
    setRoles: async (id, roles) => void (await ask(`users/${id}/roles`, z.unknown(), 'POST', { roles })),
    async strangers(count) {
      const found: SandboxUser[] = [];
      for (let offset = 0; found.length < count; offset += 20_000) {
        const { items, total } = await ask(`users?offset=${offset}&limit=20000`, usersSchema);
        // Made-up users only; the cast at the beginning has people whom no client above may see.
        const made = items.slice(offset === 0 ? 20 : 0);
        found.push(...made.filter((user) => user.businessTypes.length === 0));
        if (offset >= total && found.length < count)
          throw new Error(`The sandbox has only ${found.length} such users.`);
      }
      return found.slice(0, count);
    },
    strip: async (id) => void (await ask(`users/${id}/strip`, z.unknown(), 'POST')),
    isBuyer: async (id) => (await ask(`users/${id}`, userSchema)).user.business_types.includes('buyer'),
    async otherAccount() {
      const clientId = (await ask('cast', castSchema)).clients.customer;
      return { clientId, ...(await ask(`clients/${clientId}/secret`, secretSchema, 'POST')) };
    },
    async hang(clientId) {
      const routes = ROUTES.filter((route) => route !== 'token');
      const { number } = await ask('faults', faultSchema, 'POST', { kind: 'hang', client: clientId, routes });
      return async () => void (await ask(`faults/${number}`, z.unknown(), 'DELETE'));
    },
    async stop() {
      child.kill('SIGTERM');
      await child;
    },
  };
}

/** Requests of the API, as the ledger has them. */
export const requestsOf = ({ requests }: AcronisStats): number => requests;
/** Reads of users in any form. */
export const readsOf = ({ byRoute }: AcronisStats): number =>
  (byRoute['getUser'] ?? 0) + (byRoute['getUsers'] ?? 0) + (byRoute['feed'] ?? 0);
