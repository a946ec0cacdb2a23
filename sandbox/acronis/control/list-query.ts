/** The query of the control API's lists. */
import { z } from 'zod';
import { parseInput } from '../calls/input.ts';
import { routeSchema } from '../http/routes.ts';

const schema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100_000).default(100),
  offset: z.coerce.number().int().min(0).default(0),
  route: routeSchema.optional(),
  user: z.string().optional(),
});

export const listOf = (query: URLSearchParams) => parseInput(schema, Object.fromEntries(query), 'the query');
