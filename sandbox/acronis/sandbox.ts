/**
 * The Acronis sandbox as one thing to start and stop: a real HTTP server that behaves as the vendor's documents say, on a made-up
 * cloud that tests, demo and bench can inspect and meddle with, in this process or over `/_sandbox/`.
 */
import { createServer } from 'node:http';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../seeded-random.ts';
import { InputError } from './calls/input.ts';
import { Console } from './control/console.ts';
import { CONTROL, ControlServer } from './control/server.ts';
import type { Faults } from './faults.ts';
import { ApiServer } from './http/server.ts';
import { type Cast, type Reseed, type SeedOptions, seed } from './seed.ts';
import { makeCloud } from './state/cloud.ts';
import type { Ledger } from './state/ledger.ts';
import type { Directory } from './state/users.ts';
import type { Switches, SwitchInput } from './switches.ts';

export interface SandboxOptions {
  /** Default 127.0.0.1: no other machine reaches it. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Made-up users besides the cast (default 40), and customer tenants (default 4). */
  readonly users?: number;
  readonly tenants?: number;
  /** Default 1. The same seed gives the same people, ids and secrets. */
  readonly seed?: number;
  /** The partner's API client; made up from the seed if not given. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly switches?: SwitchInput;
  readonly clock?: Clock;
  /** How many requests and writes the ledger keeps in full (20,000 and 200,000); its counts are exact in any case. */
  readonly keepRequests?: number;
  readonly keepWrites?: number;
}

export interface Sandbox {
  /** The "data center": `ACRONIS_URL`, without `/api/2`. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** All API clients, by their place in the cast. Secrets as of now. */
  readonly clients: Readonly<Record<keyof Cast['clients'], { readonly id: string; readonly secret: string }>>;
  readonly cast: Cast;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly switches: Switches;
  readonly faults: Faults;
  /** What people do in the web console. */
  readonly console: Console;
  /** Counts and lists forgotten, no faults, switches as in the beginning. Users stay as they are. */
  reset(): void;
  /** Replaces all people by new ones. The partner's client keeps its id and secret where they were given. */
  reseed(options?: Reseed): Cast;
  /** Cuts every connection and closes the port. */
  stop(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, clock = systemClock } = options;
  const cloud = makeCloud({
    clock,
    random: seededRandom((options.seed ?? 1) + 1),
    keepRequests: options.keepRequests ?? 20_000,
    keepWrites: options.keepWrites ?? 200_000,
  });
  let planted: SeedOptions = {
    users: options.users ?? 40,
    tenants: options.tenants ?? 4,
    seed: options.seed ?? 1,
    clientId: options.clientId,
    clientSecret: options.clientSecret,
  };
  if (options.switches !== undefined) cloud.switches.set(options.switches);
  let cast = seed(cloud, planted);

  const reset = (): void => {
    cloud.ledger.reset();
    cloud.faults.clear();
    cloud.switches.reset();
    if (options.switches !== undefined) cloud.switches.set(options.switches);
  };
  const reseed = ({ users, tenants, seed: number }: Reseed = {}): Cast => {
    planted = {
      ...planted,
      users: users ?? planted.users,
      tenants: tenants ?? planted.tenants,
      seed: number ?? planted.seed,
    };
    cloud.ledger.reset();
    cast = seed(cloud, planted);
    return cast;
  };
  const console = new Console(cloud);
  const stopping = new AbortController();
  const api = new ApiServer(cloud, console, stopping.signal);
  const control = new ControlServer({ cloud, console, cast: () => cast, reset, reseed });
  // Longer than any client's own idle time, so that it is never the server that closes a connection by chance.
  const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 }, (req, res) => {
    const isControl = req.url?.startsWith(CONTROL) === true && /^[/?]?$/.test(req.url.charAt(CONTROL.length));
    (isControl ? control : api).handle(req, res);
  });
  const bound = await listen(server, host, port);
  const clientOf = (place: keyof Cast['clients']) => {
    const id = cast.clients[place];
    return { id, secret: cloud.clients.get(id)?.secret ?? '' };
  };

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    get clientId() {
      return clientOf('partner').id;
    },
    get clientSecret() {
      return clientOf('partner').secret;
    },
    get clients() {
      return { partner: clientOf('partner'), customer: clientOf('customer'), other: clientOf('other') };
    },
    get cast() {
      return cast;
    },
    directory: cloud.directory,
    ledger: cloud.ledger,
    switches: cloud.switches,
    faults: cloud.faults,
    console,
    reset,
    reseed,
    stop: () =>
      new Promise((resolve) => {
        stopping.abort(new Error('The sandbox is being stopped.'));
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is taken; choose another' : error.message;
      reject(new InputError(`The sandbox cannot listen on ${host}:${port}: ${why}.`));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
