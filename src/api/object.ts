/**
 * A TenantUserUpsell as the cache keeps it: a small transform of the object, made once when it comes in. Nothing that a reconcile
 * does not read is kept (no managedFields; labels of children alone), and strings that repeat over a fleet are shared.
 */
import * as z from 'zod';
import { compiled } from '../base/compiled.ts';
import { type ChildFacts, childFactsOf } from './child.ts';
import { envelopeOf, type Identity, metadataSchema, problemOf, type StoredSpec } from './envelope.ts';
import { requestedAtAnnotation } from './names.ts';
import { type Spec, specSchema } from './spec.ts';
import { type Status, storedStatusSchema } from './status.ts';

export interface TenantUserUpsell extends Identity {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; undefined while it is not being deleted. */
  readonly deletedAt: number | undefined;
  readonly finalizers: readonly string[];
  readonly requestedAt: string | undefined;
  /** Undefined for an object that no policy keeps. */
  readonly child: ChildFacts | undefined;
  readonly spec: StoredSpec<Spec>;
  readonly status: Status;
}

const envelope = compiled(
  envelopeOf(
    metadataSchema.extend({
      creationTimestamp: z.string(),
      deletionTimestamp: z.string().optional(),
      finalizers: z.array(z.string()).optional(),
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
      ownerReferences: z
        .array(z.object({ kind: z.string(), uid: z.string(), controller: z.boolean().optional() }))
        .optional(),
    }),
  ),
);

const specParser = compiled(specSchema);
const statusParser = compiled(storedStatusSchema);

/**
 * The transform of an object as the API server sent it, or undefined where it is not one.
 * @param known what is known of it by its key: while its generation is the same, so is its spec, which is neither parsed nor kept twice.
 */
export function transformTenantUserUpsell(
  raw: unknown,
  known: (key: string) => TenantUserUpsell | undefined = () => undefined,
): TenantUserUpsell | undefined {
  const parsed = envelope.safeParse(raw);
  if (!parsed.success) return undefined;
  const { metadata, spec: rawSpec, status } = parsed.data;
  const key = `${metadata.namespace}/${metadata.name}`;
  const before = known(key);
  const sameSpec = before?.uid === metadata.uid && before.generation === metadata.generation && metadata.generation > 0;
  const spec = sameSpec ? before.spec : transformSpec(rawSpec);
  // Field by field and not from identityOf: what is spread and then added to takes more memory, and there are many of these.
  return {
    key,
    namespace: share(metadata.namespace),
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    createdAt: Date.parse(metadata.creationTimestamp),
    deletedAt: metadata.deletionTimestamp === undefined ? undefined : Date.parse(metadata.deletionTimestamp),
    finalizers: metadata.finalizers === undefined ? none : metadata.finalizers.map(share),
    requestedAt: metadata.annotations?.[requestedAtAnnotation],
    child: childFactsOf(metadata, shareChildFacts),
    spec,
    status: transformStatus(status, spec.ok ? spec.value.userID : undefined),
  };
}

/** A namespaced name, taken apart. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

function transformSpec(raw: unknown): TenantUserUpsell['spec'] {
  const parsed = specParser.safeParse(raw ?? {});
  if (!parsed.success) return { ok: false, problem: problemOf(parsed.error) };
  const spec = parsed.data;
  // UUIDs are compared with what the API sends, which is lower case.
  if (spec.userID !== undefined) spec.userID = spec.userID.toLowerCase();
  if (spec.tenantID !== undefined) spec.tenantID = share(spec.tenantID.toLowerCase());
  spec.businessTypes = shareList(spec.businessTypes);
  return { ok: true, value: spec };
}

function transformStatus(raw: unknown, userID: string | undefined): Status {
  const parsed = statusParser.safeParse(raw ?? {});
  if (!parsed.success) return {};
  const status: Status = parsed.data;
  if (status.userID === userID) status.userID = userID;
  if (status.tenantID !== undefined) status.tenantID = share(status.tenantID);
  if (status.assigned !== undefined) {
    const { assigned } = status;
    status.assigned = {
      userID: assigned.userID === status.userID ? status.userID : assigned.userID,
      tenantID: share(assigned.tenantID),
    };
  }
  if (status.businessTypes !== undefined) status.businessTypes = shareList(status.businessTypes);
  if (status.conditions !== undefined) status.conditions = status.conditions.map(shareCondition);
  return status;
}

const none: readonly string[] = [];

/**
 * One copy of each value that many objects hold: whole conditions, since a fleet says the same in the same second, and lists of types.
 * What is shared is never changed in place. Emptied when it grows past what a fleet repeats, which costs memory and nothing else.
 */
function pooled<T>(): (name: string, value: T) => T {
  const pool = new Map<string, T>();
  return (name, value) => {
    const known = pool.get(name);
    if (known !== undefined) return known;
    if (pool.size >= maxShared) pool.clear();
    pool.set(name, value);
    return value;
  };
}
const maxShared = 10_000;

const shareText = pooled<string>();
const share = (text: string): string => shareText(text, text);

const shareTexts = pooled<unknown[]>();
function shareList<T>(list: T[]): T[] {
  const known = shareTexts(list.join('\n'), list);
  return sameItems(known, list) ? known : list;
}
const sameItems = <T>(known: unknown[], list: T[]): known is T[] =>
  known.length === list.length && list.every((item, at) => item === known[at]);

const shareChildFacts = pooled<ChildFacts>();

type KeptCondition = NonNullable<Status['conditions']>[number];
const shareWhole = pooled<KeptCondition>();
const shareCondition = (condition: KeptCondition): KeptCondition => {
  const { type, status, observedGeneration, lastTransitionTime, reason, message } = condition;
  return shareWhole(
    `${type}\n${status}\n${observedGeneration}\n${lastTransitionTime}\n${reason}\n${message}`,
    condition,
  );
};
