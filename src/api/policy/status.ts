/** What the operator writes: `status` of a TenantUpsellPolicy. As elsewhere facts alone, which change only when a fact does; it names no user. */
import * as z from 'zod';
import { pendingCondition } from '../conditions.ts';
import { approveAnnotation } from '../names.ts';
import { conditionsField, observedGenerationField, type offers } from '../status.ts';

const count = z.int().min(0);

export const policyStatusSchema = z.object({
  observedGeneration: observedGenerationField,
  matched: count.optional().describe('How many users match.'),
  children: count.optional().describe('How many TenantUserUpsells this policy keeps.'),
  ready: count.optional().describe('How many of them are Ready.'),
  offers: z
    .object({
      BuyNow: count.optional().describe('A link to buy.'),
      BuyNowWithoutLink: count.optional().describe('An offer without a link.'),
      ContactSales: count.optional().describe('Whom to ask.'),
      None: count.optional().describe('Nothing: no buyer.'),
      Unknown: count.optional().describe('Not known.'),
    } satisfies Record<(typeof offers)[number], z.ZodType>)
    .optional()
    .describe('How many of them have which offer.'),
  lastFullPass: z
    .string()
    .optional()
    .meta({ format: 'date-time' })
    .describe(
      'When all users were listed last, as of the last change of anything else here: it is not written for its own sake.',
    ),
  removals: z
    .array(
      z.object({
        at: z.string().meta({ format: 'date-time' }).describe('The last of them, within a minute.'),
        count: z.int().min(1).describe('How many.'),
      }),
    )
    .max(100)
    .optional()
    .describe(
      'Children that were removed within an hour, as of the last time that some were. It is written before they go, so that limits.maxRemovals holds across a restart of the operator.',
    ),
  braked: z
    .int()
    .min(1)
    .optional()
    .describe('How many children limits.maxRemovals holds back; not there where it holds back none.'),
  spentApproval: count
    .optional()
    .describe(
      `The number in the annotation ${approveAnnotation} where it lets none through: it was there before so many were held back, or it was used. It counts again once it was removed, or is another.`,
    ),
  conditions: conditionsField('Ready and, while a person has to do something, Stalled.'),
});

export type PolicyStatus = z.output<typeof policyStatusSchema>;

const { shape } = policyStatusSchema;
/** A status as it is stored, field by field: one that cannot be read costs no other. */
export const storedPolicyStatusSchema = z.object({
  observedGeneration: shape.observedGeneration.catch(undefined),
  matched: shape.matched.catch(undefined),
  children: shape.children.catch(undefined),
  ready: shape.ready.catch(undefined),
  offers: shape.offers.catch(undefined),
  lastFullPass: shape.lastFullPass.catch(undefined),
  removals: shape.removals.catch(undefined),
  braked: shape.braked.catch(undefined),
  spentApproval: shape.spentApproval.catch(undefined),
  conditions: shape.conditions.catch(undefined),
} satisfies Record<keyof typeof shape, z.ZodType>);

/** What the CRD gives a policy that no operator has seen. */
export const policyStatusDefault: PolicyStatus = { conditions: [pendingCondition] };
