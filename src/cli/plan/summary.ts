/** A plan as a whole, in numbers and in one sentence. */
import type { ChildChangePlanned } from './children.ts';
import type { Planned, PlannedAction } from './planned.ts';
import type { PlannedPolicy } from './policies.ts';

export interface Plan {
  readonly policies: readonly PlannedPolicy[];
  /** Children that policies would make or remove included. */
  readonly objects: readonly Planned[];
  readonly summary: Summary;
}

export interface Summary {
  readonly objects: number;
  readonly assign: number;
  readonly revoke: number;
  /** Finalizers alone. */
  readonly finalizers: number;
  readonly unchanged: number;
  /** Of objects and of policies. */
  readonly errors: number;
  readonly policies: number;
  /** What policies would do to children. */
  readonly children: Readonly<Record<ChildChangePlanned, number>>;
}

export function planOf(objects: readonly Planned[], policies: readonly PlannedPolicy[]): Plan {
  const count = (...actions: readonly PlannedAction[]) =>
    objects.filter(({ action }) => actions.includes(action)).length;
  const changed = (change: ChildChangePlanned) => objects.filter((each) => each.change === change).length;
  const summary = {
    objects: objects.length,
    assign: count('assign'),
    revoke: count('revoke'),
    finalizers: count('addFinalizer', 'removeFinalizer'),
    unchanged: objects.filter(({ action, change }) => action === 'none' && change === undefined).length,
    errors: count('error') + policies.filter(({ action }) => action === 'error').length,
    policies: policies.length,
    children: {
      make: changed('make'),
      update: changed('update'),
      remove: changed('remove'),
      handOver: changed('handOver'),
    },
  };
  return { policies, objects, summary };
}

export function sentenceOf(summary: Summary): string {
  const { objects, policies, assign, revoke, finalizers, unchanged, errors, children } = summary;
  if (objects === 0 && policies === 0) return 'Nothing to do: there is no object.';
  const of = (count: number) => (count === 1 ? 'child' : 'children');
  const parts = [
    [children.make, `${of(children.make)} to make`],
    [children.update, `${of(children.update)} to update`],
    [children.remove, `${of(children.remove)} to remove`],
    [children.handOver, `${of(children.handOver)} to hand over`],
    [assign, 'to assign'],
    [revoke, 'to revoke'],
    [finalizers, 'whose finalizer changes'],
    [errors, errors === 1 ? 'with an error' : 'with errors'],
    [unchanged, 'unchanged'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en')} ${what}`);
  const { make, update, remove, handOver } = children;
  const writes = make + update + remove + handOver + assign + revoke + finalizers + errors;
  if (said.length === 0) return 'Nothing to do: no policy has a child to make or to remove.';
  return `${writes === 0 ? 'Nothing to do' : 'Plan'}: ${said.join(', ')}.`;
}
