/**
 * A rule of the API, said once for both who judge it: CEL for the API server, a predicate for zod.
 * A table test on a real API server holds that the two agree.
 */
import type * as z from 'zod';

export interface Rule<T> {
  /** For the API server; `self` is the value, `oldSelf` (in a transition rule) what it was. */
  readonly cel: string;
  /** A sentence that says what to write instead. */
  readonly message: string;
  /** The field of an object that the API server shall name, such as `.tenantID`. */
  readonly fieldPath?: string;
  readonly holds: (self: T) => boolean;
}

/** A rule about a change. The API server judges it on updates only; zod sees no old value, so `checkUpdate` asks it. */
export interface TransitionRule<T> extends Omit<Rule<T>, 'holds'> {
  readonly holds: (self: T, oldSelf: T) => boolean;
}

/** Where `crd.ts` finds the CEL of a schema. The name is the CRD's own. */
export const celKey = 'x-kubernetes-validations';

const toCel = (rules: readonly (Rule<never> | TransitionRule<never>)[]) =>
  rules.map(({ cel, message, fieldPath }) => ({ rule: cel, message, ...(fieldPath ? { fieldPath } : {}) }));

/** The schema with the rules added, for zod and, by its metadata, for the CRD. */
export function withRules<S extends z.ZodType>(
  schema: S,
  rules: readonly Rule<z.output<S>>[],
  transitions: readonly TransitionRule<z.output<S>>[] = [],
): S {
  const refined = schema.superRefine((value, context) => {
    for (const rule of rules) {
      if (rule.holds(value)) continue;
      const path = rule.fieldPath ? [rule.fieldPath.slice(1)] : [];
      context.addIssue({ code: 'custom', message: rule.message, path });
    }
  });
  return refined.meta({ ...schema.meta(), [celKey]: toCel([...rules, ...transitions]) });
}

/** The first broken rule's sentence, or undefined where the change is allowed. */
export function brokenTransition<T>(rules: readonly TransitionRule<T>[], self: T, oldSelf: T): string | undefined {
  return rules.find((rule) => !rule.holds(self, oldSelf))?.message;
}
