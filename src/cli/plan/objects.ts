/** What is planned: the objects and policies of the files, each with what the cluster knows of it, or all that the cluster has. */
import { tenantUpsellPolicies, tenantUserUpsells } from '../../api/names.ts';
import { type TenantUserUpsell, transformTenantUserUpsell } from '../../api/object.ts';
import { type TenantUpsellPolicy, transformPolicy } from '../../api/policy/object.ts';
import { type Document, isPlanned } from './documents.ts';
import type { Planned } from './planned.ts';
import { brokenChange, problemIn } from './valid.ts';
import { type PlanWorld, stored } from './world.ts';

export interface Wanted {
  readonly object: TenantUserUpsell;
  readonly where: string | undefined;
}

export interface WantedPolicy {
  readonly policy: TenantUpsellPolicy;
  readonly where: string | undefined;
}

export interface Chosen {
  readonly wanted: readonly Wanted[];
  readonly policies: readonly WantedPolicy[];
  /** Documents that the API server would refuse. */
  readonly refused: readonly Planned[];
}

export const allOf = ({ fleet, policies }: Pick<PlanWorld, 'fleet' | 'policies'>): Chosen => ({
  wanted: [...fleet.values()].map((object) => ({ object, where: undefined })),
  policies: [...policies.values()].map((policy) => ({ policy, where: undefined })),
  refused: [],
});

/** Lays the objects and policies of the files over those of the world. @param namespace of those that name none. */
export function choose(documents: readonly Document[], world: PlanWorld, namespace: string): Chosen {
  const wanted: Wanted[] = [];
  const policies: WantedPolicy[] = [];
  const refused: Planned[] = [];
  const named = new Set<string>();
  for (const [at, document] of documents.filter(isPlanned).entries()) {
    const { where, kind, raw } = document;
    const made = stored(raw, namespace, at);
    const { namespace: space, name } = made.metadata;
    const problem = problemIn(document) ?? (named.has(`${kind} ${space}/${name}`) ? namedTwice : undefined);
    named.add(`${kind} ${space}/${name}`);
    const refuse = (message: string) =>
      refused.push({ namespace: space, name, action: 'error', reason: 'InvalidSpec', message, where });
    if (problem !== undefined) refuse(problem);
    else if (kind === tenantUpsellPolicies.kind) {
      const policy = layPolicy(made, world);
      if (policy !== undefined) policies.push({ policy, where });
    } else if (kind === tenantUserUpsells.kind) {
      const there = world.fleet.get(`${space}/${name}`);
      const broken = there?.spec.ok === true ? brokenChange(raw['spec'], there.spec.value) : undefined;
      const object = transformTenantUserUpsell(made);
      if (broken !== undefined) refuse(broken);
      if (broken !== undefined || object === undefined) continue;
      const laid = there === undefined ? object : edited(there, object);
      world.fleet.upsert(laid);
      wanted.push({ object: laid, where });
    }
  }
  return { wanted, policies, refused };
}

const namedTwice = 'The files have an object of this name already. Remove one of the two.';

/** The object that is there, after it was applied. */
function edited(there: TenantUserUpsell, { spec }: TenantUserUpsell): TenantUserUpsell {
  return isSame(there, { spec })
    ? there
    : { ...there, spec, generation: there.generation + 1, resourceVersion: `${there.resourceVersion} edited` };
}

/** Labels and annotations that the file does not name stay, as with an apply. */
function layPolicy(made: object, { policies }: PlanWorld): TenantUpsellPolicy | undefined {
  const policy = transformPolicy(made);
  if (policy === undefined) return undefined;
  const there = policies.get(policy.key);
  const laid: TenantUpsellPolicy =
    there === undefined
      ? policy
      : {
          ...there,
          spec: policy.spec,
          labels: { ...there.labels, ...policy.labels },
          approved: policy.approved ?? there.approved,
          generation: there.generation + (isSame(there, policy) ? 0 : 1),
          resourceVersion: `${there.resourceVersion} edited`,
        };
  policies.upsert(laid);
  return laid;
}

const isSame = (a: { readonly spec: unknown }, b: { readonly spec: unknown }): boolean =>
  JSON.stringify(a.spec) === JSON.stringify(b.spec);
