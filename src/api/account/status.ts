/** What the operator writes: `status` of an AcronisAccount. As elsewhere facts alone, which change only on a transition; nothing of the credentials but the URL. */
import * as z from 'zod';
import { pendingCondition } from '../conditions.ts';
import { conditionsField, observedGenerationField } from '../status.ts';

export const accountStatusSchema = z.object({
  observedGeneration: observedGenerationField,
  url: z.string().optional().describe("The data center's URL, as the Secret has it."),
  tenantID: z.string().optional().describe("The API client's own tenant: what is in it and below is all it can reach."),
  conditions: conditionsField('Ready, ChangeFeed once it was polled and, while a person has to do something, Stalled.'),
});

export type AccountStatus = z.output<typeof accountStatusSchema>;

const { shape } = accountStatusSchema;
/** A status as it is stored, field by field: one that cannot be read costs no other. */
export const storedAccountStatusSchema = z.object({
  observedGeneration: shape.observedGeneration.catch(undefined),
  url: shape.url.catch(undefined),
  tenantID: shape.tenantID.catch(undefined),
  conditions: shape.conditions.catch(undefined),
} satisfies Record<keyof typeof shape, z.ZodType>);

/** What the CRD gives an account that no operator has seen. */
export const accountStatusDefault: AccountStatus = { conditions: [pendingCondition] };
