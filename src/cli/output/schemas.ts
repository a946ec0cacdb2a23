/**
 * What `--output json` of each command holds, for programs: the JSON schemas of docs/reference/cli are made from here. No field is there that is not described, so
 * that what a test validates is what the reference says.
 */
import * as z from 'zod';
import { reasons } from '../../api/conditions.ts';
import { policyReasons } from '../../api/policy/conditions.ts';
import { offers } from '../../api/status.ts';
import { type Checklist, checkResults } from '../check/line.ts';
import type { PruneLine } from '../import/prune.ts';
import type { Plan } from '../plan/summary.ts';
import type { FleetSummary } from '../status/summary.ts';

const count = z.int().min(0);
const text = z.string().min(1);
const named = { namespace: text, name: text };
const where = z.exactOptional(text).describe('The file and the document, of what was read from files.');
const change = z.enum(['make', 'update', 'remove', 'handOver']);

const plannedPolicy = z.strictObject({
  ...named,
  action: z.enum(['change', 'none', 'error']).describe('error: it waits for a person, or for what failed.'),
  reason: z.enum([...policyReasons, 'Deleting']).describe('As the condition Ready would say it.'),
  message: text,
  matched: z.exactOptional(count).describe('How many users match; absent where they could not be listed.'),
  children: count.describe('How many there are now.'),
  make: count,
  update: count,
  remove: count,
  handOver: count.describe('They go and leave the types, since another object has the user.'),
  where,
});

const plannedObject = z.strictObject({
  ...named,
  action: z.enum(['assign', 'revoke', 'addFinalizer', 'removeFinalizer', 'none', 'error']),
  reason: z
    .enum([...reasons, 'Deleting', 'Deleted', 'Revoked'])
    .describe('As the condition Ready would say it; the last ones of what is deleted, or would be.'),
  message: text,
  userID: z.exactOptional(z.uuid()),
  tenantID: z.exactOptional(z.uuid()),
  offer: z.exactOptional(z.enum(offers)).describe('What the user would see.'),
  policy: z.exactOptional(text).describe('Of a child: the policy that keeps it, in its namespace.'),
  change: z.exactOptional(change).describe('What that policy would do to it; absent where it would stay as it is.'),
  where,
});

export const planSchema = z
  .strictObject({
    policies: z.array(plannedPolicy),
    objects: z.array(plannedObject).describe('Children that policies would make or remove included.'),
    summary: z.strictObject({
      objects: count,
      assign: count,
      revoke: count,
      finalizers: count.describe('Of which only the finalizer would change.'),
      unchanged: count,
      errors: count.describe('Of objects and of policies.'),
      policies: count,
      children: z.record(change, count).describe('What policies would do to children.'),
    }),
  })
  .describe('kubectl upsell plan --output json, or yaml') satisfies z.ZodType<Plan, unknown>;

export const checkSchema = z
  .strictObject({
    version: text.describe('Of this program.'),
    result: z.enum(checkResults).describe('The worst of all lines.'),
    lines: z.array(
      z.strictObject({
        id: text.describe('What was looked for. It stays the same from version to version.'),
        account: z.exactOptional(text).describe('Which API client it is about.'),
        title: text,
        result: z.enum(checkResults),
        says: text,
        remedy: z.exactOptional(text).describe('What to do; absent where nothing is to be done.'),
      }),
    ),
  })
  .describe('kubectl upsell check --output json') satisfies z.ZodType<Checklist, unknown>;

const counted = { name: text, objects: count };

export const statusSchema = z
  .strictObject({
    objects: count,
    ready: z.strictObject({ true: count, false: count, unknown: count }),
    stalled: count.describe('For these a person has to do something.'),
    byReason: z.array(z.strictObject(counted)),
    byOffer: z.array(z.strictObject(counted)),
    byAccount: z.array(z.strictObject({ ...counted, ready: count })),
    byInformed: z.array(z.strictObject(counted)),
    noBuyers: z
      .array(
        z.strictObject({
          ...named,
          reason: text,
          message: z.string(),
          stalled: z.boolean(),
          since: z.exactOptional(z.iso.datetime({ offset: true })),
        }),
      )
      .describe('Whose user is no buyer, or of whom it is not known; those first that wait for a person.'),
    policies: z.array(
      z.strictObject({
        ...named,
        matched: z.exactOptional(count),
        children: z.exactOptional(count),
        ready: z.exactOptional(count),
        reason: text,
        message: z.string(),
      }),
    ),
  })
  .describe('kubectl upsell status --output json, or yaml; with --watch each state is one') satisfies z.ZodType<
  FleetSummary,
  unknown
>;

export const pruneReportSchema = z
  .array(
    z.strictObject({
      ...named,
      reason: z.enum(['deleted', 'disabled', 'otherRole', 'otherTenantKind', 'guest', 'serviceAccount']),
      message: text,
    }),
  )
  .describe('kubectl upsell import --prune-report --output json') satisfies z.ZodType<readonly PruneLine[], unknown>;

/** By the name of the file that it becomes. */
export const outputSchemas = {
  plan: planSchema,
  check: checkSchema,
  status: statusSchema,
  'prune-report': pruneReportSchema,
} as const;
