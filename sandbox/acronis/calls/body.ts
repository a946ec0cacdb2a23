/** The JSON of a request, read once, or refused with the 400 that the API gives. */
import type { z } from 'zod';
import { sentenceOf } from './input.ts';
import { Refusal } from './query.ts';
import { malformed } from './responses.ts';

/** Throws a Refusal. */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Refusal(malformed(parsed.error.issues[0]?.path.join('.') || 'body', sentenceOf(parsed.error)));
}
