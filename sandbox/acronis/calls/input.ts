/** What people and programs send to the sandbox (options, switches, faults, control bodies) is checked here, and refused with a sentence. */
import type { z } from 'zod';

/** Bad input; the message is a sentence for the person who sent it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export function sentenceOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `}${issue.message}`)
    .join('; ');
}

/** `what` names the thing in the sentence, for instance "the switches". */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown, what: string): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InputError(`Cannot take ${what}: ${sentenceOf(result.error)}.`);
}
