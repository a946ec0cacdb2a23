/**
 * One switch for each thing the documents leave open, so that a client can be tested against every response the
 * real cloud may give. The defaults are the likeliest.
 */
import { z } from 'zod';
import { parseInput } from './calls/input.ts';
import { ENCODINGS } from './http/encode.ts';

const rateLimit = z.strictObject({
  perSecond: z.int().min(1),
  status: z.literal([429, 503], 'must be 429 or 503').default(429),
  retryAfterSeconds: z.number().min(0).default(1),
  form: z.enum(['seconds', 'date']).default('seconds'),
});

const schema = z.strictObject({
  /** Status of the response to a PUT with a stale revision. */
  conflictStatus: z.literal([409, 412, 426, 400], 'must be 409, 412, 426 or 400').default(409),
  /** `error.code` of that response: 1001, "1001", or the HTTP status. */
  conflictCode: z.enum(['number', 'string', 'status']).default('number'),
  /** Revisions count 1, 2, 3, or are milliseconds since 1970. */
  revisions: z.enum(['counter', 'epochMs']).default('counter'),
  /** Whether a PUT that changes nothing moves the revision on. */
  noOpPut: z.enum(['bump', 'keep']).default('bump'),
  /** Refuse `business_types` on PUT, as the OpenAPI (but not the guide) would. */
  strictOpenApi: z.boolean().default(false),
  /** What becomes of `business_types` in a PUT: applied; applied but not shown or left out in the response; or ignored. */
  putTypes: z.enum(['applied', 'hidden', 'fieldMissing', 'ignored']).default('applied'),
  /** Fields of single users: `mixed` shows the chapter's own user as the guide does and the others as the OpenAPI does. */
  userShape: z.enum(['mixed', 'guide', 'openapi']).default('mixed'),
  /** Body of a 401 from a resource. */
  unauthorizedBody: z.enum(['envelope', 'stringCode', 'flat', 'empty', 'html']).default('envelope'),
  /** Body of a 404: `bare` has no domain and no details, as recorded by others. */
  notFoundBody: z.enum(['bare', 'envelope']).default('bare'),
  /** The response for what is outside the client's own subtree. */
  outside: z.enum(['notFound', 'forbidden']).default('notFound'),
  /** Whether logins that differ in case only are the same login. */
  loginCase: z.enum(['insensitive', 'sensitive']).default('insensitive'),
  /** Whether the change of a role moves revision and time of the user, its time alone, or neither. */
  roleChange: z.enum(['revision', 'stamp', 'nothing']).default('revision'),
  /** Whether `GET /users/{id}` heeds `with_access_policies`, which only lists are said to have. */
  policiesOfOne: z.enum(['shown', 'ignored']).default('shown'),
  /** Whether `external_ids` finds users of the tenant alone, or those below it too. */
  externalIdScope: z.enum(['tenant', 'subtree']).default('tenant'),
  /** Whether responses show which external id a user has, which the OpenAPI does not require. */
  externalIds: z.enum(['shown', 'hidden']).default('shown'),
  /** Whose branding is in force (`brand?effective=1`): the nearest above, the nearest from the tenant itself on, the parent's alone, or the tenant's own. */
  brandInForce: z.enum(['above', 'own', 'parent', 'never']).default('above'),
  /** `GET …/brand` where no branding is in force: a default brand without a Buy URL, one with an empty Buy URL, `{}`, 204, or 404. */
  unbranded: z.enum(['default', 'emptyUrl', 'emptyObject', 'noContent', 'notFound']).default('default'),
  /** Whether a client may read brands. */
  brandReads: z.enum(['allowed', 'forbidden']).default('allowed'),
  /** The response to a PUT of a brand: the brand, as the guide shows it, or the tenant, as the OpenAPI does. */
  brandPut: z.enum(['brand', 'tenant']).default('brand'),
  /** Whether `GET /users/me` shows an API client the administrator who made it. */
  clientMe: z.enum(['shown', 'refused']).default('shown'),
  tokenTtlSeconds: z.int().min(1).default(7200),
  /** Which fields of the token response say when it ends. */
  tokenExpiry: z.enum(['both', 'expires_in', 'expires_on', 'none']).default('both'),
  tokenForm: z.enum(['jwt', 'opaque']).default('jwt'),
  /**
   * What changed in a subtree (`updated_since`): honest; refused with 400; leaving out every second user that changed;
   * showing the page before once more in each page; the same page and cursor for ever; with old revisions and a time that runs backwards.
   */
  feed: z.enum(['honest', 'refused', 'omits', 'repeats', 'loops', 'backwards']).default('honest'),
  /**
   * All users of a subtree: honest; refused with 400; leaving out every second user; empty; ending after the first page; showing the page before once more in
   * each page; the same page and cursor for ever; in another order from the second page on; with a cursor that is not text.
   */
  listing: z
    .enum(['honest', 'refused', 'omits', 'empty', 'cutShort', 'repeats', 'loops', 'reordered', 'garbled'])
    .default('honest'),
  /** How many users a page of that list has at most, whatever `limit` asks for; null: as many as it asks for. */
  listingPage: z.int().min(1).nullable().default(null),
  /** Whom `inside_organization` shows from a partner on: the partner's own users alone, or everybody below. Inside of a customer it is everybody there. */
  insideOrganization: z.enum(['organization', 'subtree']).default('organization'),
  /** How far the cloud's clock is ahead (behind, if negative), in milliseconds. */
  clockSkewMs: z.int().default(0),
  /** How far the `timestamp` of a list is ahead of the clock that stamps changes, in milliseconds: a change may show later than its time. */
  timestampAheadMs: z.int().default(0),
  /** How bodies are encoded, as gateways do it without being asked: the coding declared, or (`undeclaredGzip`) not. */
  encoding: z.enum(ENCODINGS).default('identity'),
  /** Whether bodies begin with a byte order mark. */
  byteOrderMark: z.boolean().default(false),
  /** Most requests a second over all clients; the rest is turned away. */
  rateLimit: rateLimit.nullable().default(null),
});

export type SwitchValues = Readonly<z.output<typeof schema>>;
export type SwitchInput = Partial<z.input<typeof schema>>;

export class Switches {
  #values: SwitchValues = schema.parse({});

  get current(): SwitchValues {
    return this.#values;
  }

  /** Changes the ones named and leaves the others. Throws an InputError, and changes nothing, if one is wrong. */
  set(change: SwitchInput): SwitchValues {
    this.#values = this.#parse({ ...this.#values, ...change });
    return this.#values;
  }

  /** The same for what came over the wire. */
  setUnchecked(change: Record<string, unknown>): SwitchValues {
    this.#values = this.#parse({ ...this.#values, ...change });
    return this.#values;
  }

  reset(): void {
    this.#values = schema.parse({});
  }

  #parse(values: Record<string, unknown>): SwitchValues {
    return parseInput(schema, values, 'the switches');
  }
}
