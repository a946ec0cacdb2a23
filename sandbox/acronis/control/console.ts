/**
 * What people do in the web console while a program works through the API: each act moves the user's revision on, as theirs would,
 * and is written in the ledger as `console` (or `otherWriter`, where a fault played it).
 */

import { InputError } from '../calls/input.ts';
import { randomUuid } from '../random.ts';
import type { Cloud } from '../state/cloud.ts';
import type { Grant } from '../state/roles.ts';
import type { Tenant } from '../state/tenants.ts';
import { type Moves, type NewUser, NO_TYPES, type User, type UserChange } from '../state/users.ts';

export interface TenantSettings {
  readonly brandEnabled?: boolean | undefined;
  readonly upsellUrl?: string | null | undefined;
  readonly ancestralAccess?: boolean | undefined;
  readonly locked?: boolean | undefined;
  readonly enabled?: boolean | undefined;
}

export interface UserSettings {
  readonly login?: string | undefined;
  readonly email?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly activated?: boolean | undefined;
  readonly language?: string | undefined;
  readonly notifications?: readonly string[] | undefined;
  readonly externalId?: string | null | undefined;
}

export class Console {
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** Removes every business type. */
  strip(id: string): User {
    return this.change(id, { businessTypes: NO_TYPES });
  }

  setTypes(id: string, types: readonly string[]): User {
    return this.change(id, { businessTypes: types });
  }

  /** Changes nothing but the revision. */
  touch(id: string): User {
    return this.change(id, {});
  }

  remove(id: string): User {
    return this.change(id, { deletedAt: this.#cloud.now() });
  }

  restore(id: string): User {
    return this.change(id, { deletedAt: undefined });
  }

  move(id: string, tenantId: string): User {
    return this.change(id, { tenant: this.#tenant(tenantId) });
  }

  /** The user follows the link of the activation e-mail and chooses a password. */
  activate(id: string, password: string): User {
    const user = this.#user(id);
    if (!this.#cloud.mails.some((mail) => mail.user === user.id)) {
      throw new InputError(`No activation e-mail was sent to the user ${id}.`);
    }
    this.#cloud.signIn.setPassword(user, password);
    return this.change(id, { activated: true });
  }

  /** Gives the user a password to sign in with (Basic, or the grant `password`). */
  setPassword(id: string, password: string): User {
    const user = this.#user(id);
    this.#cloud.signIn.setPassword(user, password);
    return user;
  }

  /** What the change moves besides is for the switch `roleChange` to say. */
  setRoles(id: string, roles: readonly Grant[]): User {
    return this.change(id, { roles }, 'console', this.#cloud.switches.current.roleChange);
  }

  /** The user's own settings, and its external id: `null` removes it. */
  edit(id: string, { externalId, ...settings }: UserSettings): User {
    const change: UserChange = {};
    if (settings.login !== undefined) change.login = settings.login;
    if (settings.email !== undefined) change.email = settings.email;
    if (settings.enabled !== undefined) change.enabled = settings.enabled;
    if (settings.activated !== undefined) change.activated = settings.activated;
    if (settings.language !== undefined) change.language = settings.language;
    if (settings.notifications !== undefined) change.notifications = settings.notifications;
    if (externalId !== undefined) change.rest = { ...this.#user(id).rest, external_id: externalId ?? undefined };
    return this.change(id, change);
  }

  change(id: string, change: UserChange, by: 'console' | 'otherWriter' = 'console', moves: Moves = 'revision'): User {
    const user = this.#user(id);
    const { before, after } = this.#cloud.directory.update(user, change, moves);
    this.#cloud.ledger.write({
      at: this.#cloud.clock.wall(),
      by,
      user: user.id,
      before,
      after,
      businessTypes: user.businessTypes,
      fields: Object.keys(change),
      client: undefined,
      token: undefined,
      userAgent: undefined,
    });
    return user;
  }

  /** A new user is sent an activation e-mail, and is not activated until `activate` follows it, unless `activated` says otherwise. */
  add(
    given: { readonly login: string; readonly tenantId: string; readonly id?: string | undefined } & Partial<
      Omit<NewUser, 'id' | 'tenant' | 'login'>
    >,
  ): User {
    const { tenantId, id = randomUuid(this.#cloud.random), ...rest } = given;
    if (this.#cloud.directory.get(id) !== undefined) throw new InputError(`A user with the id ${id} is there already.`);
    const user = this.#cloud.directory.add({
      firstname: 'New',
      lastname: 'User',
      activated: false,
      ...rest,
      id,
      tenant: this.#tenant(tenantId),
    });
    if (!user.activated) this.#cloud.mails.push({ user: id, at: this.#cloud.clock.wall() });
    return user;
  }

  /** Branding, Buy URL, lock, self-management. */
  setTenant(id: string, settings: TenantSettings): Tenant {
    const tenant = this.#tenant(id);
    if (settings.brandEnabled !== undefined) tenant.brandEnabled = settings.brandEnabled;
    if (settings.upsellUrl !== undefined) tenant.brand.upsellUrl = settings.upsellUrl;
    if (settings.ancestralAccess !== undefined) tenant.ancestralAccess = settings.ancestralAccess;
    if (settings.locked !== undefined) tenant.locked = settings.locked;
    if (settings.enabled !== undefined) tenant.enabled = settings.enabled;
    tenant.version += 1;
    tenant.updatedAt = this.#cloud.now();
    return tenant;
  }

  /** Gives a client another secret and ends its tokens, as the console does. Returns the secret. */
  resetSecret(clientId: string, secret?: string): string {
    const client = this.#client(clientId);
    this.#cloud.tokens.revoke(client);
    return this.#cloud.clients.resetSecret(client, secret);
  }

  /** A disabled client gets no token, and its tokens stop working. */
  setClientEnabled(clientId: string, enabled: boolean): void {
    this.#client(clientId).enabled = enabled;
  }

  /** Ends all tokens, or those of one client. Returns how many. */
  revokeTokens(clientId?: string): number {
    return this.#cloud.tokens.revoke(clientId === undefined ? undefined : this.#client(clientId));
  }

  #user(id: string): User {
    const user = this.#cloud.directory.get(id);
    if (user === undefined) throw new InputError(`There is no user with the id ${id}.`);
    return user;
  }

  #tenant(id: string): Tenant {
    const tenant = this.#cloud.tenants.get(id);
    if (tenant === undefined) throw new InputError(`There is no tenant with the id ${id}.`);
    return tenant;
  }

  #client(id: string) {
    const client = this.#cloud.clients.get(id);
    if (client === undefined) throw new InputError(`There is no API client with the id ${id}.`);
    return client;
  }
}
