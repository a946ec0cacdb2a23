/**
 * The children of a policy as they would be once it was reconciled: made, updated or removed in the plan's own picture of the cluster, where the next question finds
 * them so. Nothing leaves from here.
 */
import type { TenantUserUpsell } from '../../api/object.ts';
import { transformTenantUserUpsell } from '../../api/object.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import { manifestOf, type Template } from '../../controllers/policy/children/template.ts';
import type { Steps } from '../../controllers/policy/plan/plan.ts';
import type { Owing } from '../../controllers/policy/reconcile/owe.ts';
import type { Fleet } from '../../fleet/cache/objects.ts';
import { stored } from './world.ts';

export type ChildChangePlanned = keyof Steps;

export interface ChangedChild {
  readonly change: ChildChangePlanned;
  readonly policy: TenantUpsellPolicy;
  /** As it would be; of one that goes, as it is. */
  readonly object: TenantUserUpsell;
  /** It is gone without any step of its own: nothing holds it. */
  readonly isGone: boolean;
}

/** Counts objects that no file has, so that each has a uid of its own. */
let made = 1_000_000;

/** Does in `fleet` what is owed. @returns each child that is another now. @param now wall time in milliseconds. */
export function changeChildren(
  policy: TenantUpsellPolicy,
  { plan, template, children }: Owing,
  fleet: Pick<Fleet, 'upsert' | 'remove'>,
  now: number,
): readonly ChangedChild[] {
  const changed: ChangedChild[] = [];
  const put = (change: ChildChangePlanned, object: TenantUserUpsell | undefined) => {
    if (object === undefined) return;
    fleet.upsert(object);
    changed.push({ change, policy, object, isGone: false });
  };
  const goes = (change: ChildChangePlanned, object: TenantUserUpsell) => {
    fleet.remove(object.key);
    changed.push({ change, policy, object, isGone: true });
  };
  const known = (ids: readonly string[]) => ids.flatMap((id) => children.get(id)?.object ?? []);
  // It is made one that retains first, so nothing holds it.
  for (const object of known(plan.handOver)) goes('handOver', object);
  for (const object of known(plan.remove))
    if (object.finalizers.length === 0) goes('remove', object);
    else put('remove', { ...object, deletedAt: now });
  for (const object of known(plan.update)) put('update', updated(object, template));
  for (const id of plan.make) {
    const manifest = { ...manifestOf(template, id, {}) };
    put('make', transformTenantUserUpsell(stored(manifest, policy.namespace, made++)));
  }
  return changed;
}

/** What the policy says stands, and what people added stays. */
function updated(object: TenantUserUpsell, template: Template): TenantUserUpsell {
  const { spec, child } = object;
  if (!spec.ok) return object;
  const { accountRef: _account, credentialsSecretRef: _secret, ...own } = spec.value;
  return {
    ...object,
    spec: { ok: true, value: { ...own, ...template.spec } },
    child: {
      owner: template.policy.uid,
      policy: template.policy.name,
      labels: { ...child?.labels, ...template.labels },
      annotations: { ...child?.annotations, ...template.annotations },
    },
    generation: object.generation + 1,
    resourceVersion: `${object.resourceVersion} edited`,
  };
}
