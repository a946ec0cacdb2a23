/** The API clients (accounts): who may ask for tokens, with which secret, and for which tenant. */
import type { Random } from '../../../src/base/clock.ts';
import { randomLetters } from '../random.ts';
import type { Tenant } from './tenants.ts';
import type { Micros } from './timestamps.ts';

export interface Client {
  readonly id: string;
  readonly name: string;
  readonly tenant: Tenant;
  readonly createdAt: Micros;
  secret: string;
  enabled: boolean;
}

export class Clients {
  readonly #byId = new Map<string, Client>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  add(given: Omit<Client, 'enabled'>): Client {
    const client = { ...given, enabled: true };
    this.#byId.set(client.id, client);
    return client;
  }

  get(id: string): Client | undefined {
    return this.#byId.get(id);
  }

  all(): Client[] {
    return [...this.#byId.values()];
  }

  /** Gives the client another secret (a made-up one if none is given) and returns it. Its tokens must be revoked beside. */
  resetSecret(client: Client, secret?: string): string {
    client.secret = secret ?? randomLetters(this.#random, 32);
    return client.secret;
  }

  clear(): void {
    this.#byId.clear();
  }
}
