/**
 * What the operator writes: `status` of a TenantUserUpsell. It holds facts and no time of last check, so that it changes only when a fact does,
 * and no login, e-mail or name, which are personal data.
 */
import * as z from 'zod';
import { type Condition, pendingCondition } from './conditions.ts';

/** What a user may be offered. */
export const offers = ['BuyNow', 'BuyNowWithoutLink', 'ContactSales', 'None', 'Unknown'] as const;

export const conditionSchema = z.object({
  type: z.string().max(316).describe('What the condition is about, such as Ready. There is one of each type.'),
  status: z
    .enum(['True', 'False', 'Unknown'])
    .describe('Whether it holds. Unknown: the operator does not know, or does not judge.'),
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .meta({ format: 'int64' })
    .describe('The generation this condition speaks of.'),
  lastTransitionTime: z
    .string()
    .meta({ format: 'date-time' })
    .describe('When the status of this condition last changed.'),
  reason: z.string().max(1024).describe('One word for the program that reads it.'),
  message: z
    .string()
    .max(32768)
    .describe('One sentence for the person who reads it: what is the matter and what to do next.'),
});

/** In the status of every kind. */
export const observedGenerationField = z
  .int()
  .min(0)
  .optional()
  .meta({ format: 'int64' })
  .describe('The generation of spec that this status speaks of.');

/** Likewise: one condition of each type. @param text which types the kind has. */
export const conditionsField = (text: string) =>
  z
    .array(conditionSchema)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .describe(text);

export const statusSchema = z.object({
  observedGeneration: observedGenerationField,
  // A bigint where a number would not hold it exactly: see base/exact-json.ts.
  observedVersion: z
    .union([z.int(), z.bigint()])
    .optional()
    .meta({ type: 'integer', format: 'int64' })
    .describe(
      "The user's revision (version) as last read or written. It is the API's own number: compare it, never compute with it.",
    ),
  userID: z.string().optional().describe('The user that spec resolved to.'),
  tenantID: z.string().optional().describe('The tenant that this user belongs to.'),
  businessTypes: z
    .array(z.string())
    .optional()
    .meta({ 'x-kubernetes-list-type': 'atomic' })
    .describe('The types that Acronis reports for the user.'),
  assigned: z
    .object({
      userID: z.string().describe('Its id.'),
      tenantID: z.string().describe('Its tenant at that time.'),
    })
    .optional()
    .describe(
      'The user that this object assigned, or took over as it was. It is kept whatever is observed later, until the types are revoked or the user is deleted.',
    ),
  offer: z
    .enum(offers)
    .optional()
    .describe(
      'What the user will see when a quota is exceeded or almost reached: a link to buy (BuyNow), an offer without one (BuyNowWithoutLink), whom to ask (ContactSales), or nothing (None).',
    ),
  lastHandledReconcileAt: z
    .string()
    .optional()
    .describe('The value of the annotation upsell.acronis.com/requestedAt that was handled last.'),
  conditions: conditionsField(
    'Ready; Stalled while a person has to do something; Informed, whether what is sent about quotas can reach the user.',
  ),
});

export type Status = z.output<typeof statusSchema>;
export type Assigned = NonNullable<Status['assigned']>;

const { shape } = statusSchema;
/**
 * A status as it is stored, field by field: one that cannot be read (a newer version's, or set by hand) costs no other its memory.
 */
export const storedStatusSchema = z.object({
  observedGeneration: shape.observedGeneration.catch(undefined),
  observedVersion: shape.observedVersion.catch(undefined),
  userID: shape.userID.catch(undefined),
  tenantID: shape.tenantID.catch(undefined),
  businessTypes: shape.businessTypes.catch(undefined),
  assigned: shape.assigned.catch(undefined),
  offer: shape.offer.catch(undefined),
  lastHandledReconcileAt: shape.lastHandledReconcileAt.catch(undefined),
  conditions: shape.conditions.catch(undefined),
} satisfies Record<keyof typeof shape, z.ZodType>);

/** The condition of a type, as the status has it. */
export const conditionOf = (
  { conditions }: { readonly conditions?: readonly Condition[] | undefined },
  type: 'Ready' | 'Stalled' | 'ChangeFeed',
): Condition | undefined => conditions?.find((each) => each.type === type);

/** The default that the CRD gives to `status`: see `pendingCondition`. */
export const statusDefault: Status = { conditions: [pendingCondition] };
