/** Which users have an object already: the objects of the cluster, reduced to what `import` compares. */
import * as z from 'zod';
import { policyLabel } from '../../api/names.ts';
import { transformTenantUserUpsell } from '../../api/object.ts';
import { namedUser } from '../../fleet/cache/objects.ts';
import { type ImportedUser, loginKey } from './documents.ts';

export interface ExistingObject {
  /** namespace/name */
  readonly key: string;
  readonly userID: string | undefined;
  readonly loginKey: string | undefined;
  readonly isChild: boolean;
}

const labelled = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }) });

/** @returns undefined where it is no object. */
export function existingObject(raw: unknown): ExistingObject | undefined {
  const object = transformTenantUserUpsell(raw);
  if (object === undefined) return undefined;
  const { login, tenantID } = object.spec.ok ? object.spec.value : {};
  return {
    key: object.key,
    userID: namedUser(object),
    loginKey: login === undefined || tenantID === undefined ? undefined : loginKey({ login, tenantID }),
    isChild: Object.hasOwn(labelled.safeParse(raw).data?.metadata.labels ?? {}, policyLabel),
  };
}

export class ExistingObjects {
  readonly #users = new Set<string>();
  readonly #logins = new Set<string>();
  readonly #keys = new Set<string>();

  add({ key, userID, loginKey: login }: ExistingObject): void {
    this.#keys.add(key);
    if (userID !== undefined) this.#users.add(userID);
    if (login !== undefined) this.#logins.add(login);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** @param key `namespace/name` of the object that would be printed: one of that name would be changed by applying it, whichever user it names. */
  has(user: ImportedUser, key: string): boolean {
    return this.#users.has(user.userID) || this.#keys.has(key) || this.#logins.has(loginKey(user));
  }
}
