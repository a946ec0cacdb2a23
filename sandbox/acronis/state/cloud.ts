/** The whole state of the made-up cloud: what a route may read and change. One sandbox, one of these. */
import type { Clock, Random } from '../../../src/base/clock.ts';
import type { ApiResponse } from '../calls/responses.ts';
import { Faults } from '../faults.ts';
import type { Match } from '../http/routes.ts';
import { Switches, type SwitchValues } from '../switches.ts';
import type { Caller } from './callers.ts';
import { Clients } from './clients.ts';
import { Ledger } from './ledger.ts';
import { Search } from './search.ts';
import { SignIn } from './sign-in.ts';
import { TenantTree } from './tenants.ts';
import { type Micros, microsOf } from './timestamps.ts';
import { Tokens } from './tokens.ts';
import { Directory } from './users.ts';

export interface ActivationMail {
  /** The user's id. */
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Cloud {
  readonly clock: Clock;
  readonly random: Random;
  readonly switches: Switches;
  readonly tenants: TenantTree;
  readonly directory: Directory;
  readonly search: Search;
  readonly clients: Clients;
  readonly tokens: Tokens;
  readonly signIn: SignIn;
  /** Activation e-mails that were sent, oldest first. */
  readonly mails: ActivationMail[];
  readonly faults: Faults;
  readonly ledger: Ledger;
  /** Now, by the machine's clock (the clock skew is added where times are shown). */
  now(): Micros;
}

/** One request of a caller who is known. */
export interface Call extends Match {
  readonly caller: Caller;
  /** Number of the token; `undefined` for a person who showed a password or a session. */
  readonly token: number | undefined;
  /** The cookies of the request. */
  readonly cookie: string | undefined;
  readonly userAgent: string | undefined;
  readonly switches: SwitchValues;
  /** The JSON of the body; undefined where the operation has none. */
  readonly body: unknown;
}

export type Handler = (cloud: Cloud, call: Call) => ApiResponse;

/** One request of an operation that asks for no credentials. */
export interface OpenCall extends Match {
  readonly switches: SwitchValues;
  readonly body: unknown;
  /** Where the request was sent to: `http://127.0.0.1:8100`. */
  readonly origin: string;
}

export type OpenHandler = (cloud: Cloud, call: OpenCall) => ApiResponse;

export interface CloudOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly keepRequests: number;
  readonly keepWrites: number;
}

export function makeCloud({ clock, random, keepRequests, keepWrites }: CloudOptions): Cloud {
  const now = () => microsOf(clock.wall());
  const switches = new Switches();
  const tenants = new TenantTree();
  const directory = new Directory(tenants, {
    now,
    nextVersion: (version) => {
      if (typeof version === 'bigint') return version + 1n;
      return switches.current.revisions === 'epochMs' ? Math.max(version + 1, Math.floor(clock.wall())) : version + 1;
    },
  });
  return {
    clock,
    random,
    switches,
    tenants,
    directory,
    search: new Search(directory),
    clients: new Clients(random),
    tokens: new Tokens(random),
    signIn: new SignIn(random),
    mails: [],
    faults: new Faults(random),
    ledger: new Ledger(keepRequests, keepWrites),
    now,
  };
}
