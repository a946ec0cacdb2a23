/** The API clients (accounts): who may ask for tokens, with which secret, and for which tenant. */
import type { Random } from '../../../src/base/clock.ts';
import { randomLetters } from '../random.ts';
import type { Tenant } from './tenants.ts';
import type { Micros } from './timestamps.ts';
import type { User } from './users.ts';

export type ClientType = 'api_client' | 'agent' | 'managed_client';

export interface Client {
  readonly id: string;
  readonly type: ClientType;
  readonly tenant: Tenant;
  readonly createdAt: Micros;
  /** `undefined`: an administrator who is not in the directory. */
  readonly createdBy: User | undefined;
  /** What the client says about itself, such as `client_name`. */
  data: Readonly<Record<string, unknown>>;
  secret: string;
  enabled: boolean;
}

export type NewClient = Pick<Client, 'id' | 'tenant' | 'createdAt' | 'data' | 'secret'> &
  Partial<Pick<Client, 'type' | 'createdBy'>>;

export class Clients {
  readonly #byId = new Map<string, Client>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  add(given: NewClient): Client {
    const client: Client = { type: 'api_client', createdBy: undefined, ...given, enabled: true };
    this.#byId.set(client.id, client);
    return client;
  }

  get(id: string): Client | undefined {
    return this.#byId.get(id);
  }

  newSecret(): string {
    return randomLetters(this.#random, 32);
  }

  /** Gives the client another secret (a made-up one if none is given) and returns it. Its tokens must be revoked beside. */
  resetSecret(client: Client, secret?: string): string {
    client.secret = secret ?? this.newSecret();
    return client.secret;
  }

  /** Its tokens must be revoked beside. */
  remove(client: Client): void {
    this.#byId.delete(client.id);
  }

  clear(): void {
    this.#byId.clear();
  }
}
