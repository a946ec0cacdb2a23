/** Which objects are planned: those of the files, each with what the cluster knows of it, or all that the cluster has. */
import { tenantUserUpsells } from '../../api/names.ts';
import { type TenantUserUpsell, transformTenantUserUpsell } from '../../api/object.ts';
import { type Document, isPlanned } from './documents.ts';
import type { Planned } from './planned.ts';
import { brokenChange, problemIn } from './valid.ts';
import { type PlanWorld, stored } from './world.ts';

export interface Wanted {
  readonly object: TenantUserUpsell;
  readonly where: string | undefined;
}

export interface Chosen {
  readonly wanted: readonly Wanted[];
  /** Documents that the API server would refuse. */
  readonly refused: readonly Planned[];
}

export const allOf = ({ fleet }: PlanWorld): Chosen => ({
  wanted: [...fleet.values()].map((object) => ({ object, where: undefined })),
  refused: [],
});

/** Lays the objects of the files over those of the world. @param namespace of those that name none. */
export function choose(documents: readonly Document[], world: PlanWorld, namespace: string): Chosen {
  const wanted = new Map<string, Wanted>();
  const refused: Planned[] = [];
  for (const [at, document] of documents.filter(isPlanned).entries()) {
    const { where, kind, raw } = document;
    const made = stored(raw, namespace, at);
    const refuse = (message: string) =>
      refused.push({
        namespace: made.metadata.namespace,
        name: made.metadata.name,
        action: 'error',
        reason: 'InvalidSpec',
        message,
        where,
      });
    const problem = problemIn(document);
    if (problem !== undefined) refuse(problem);
    if (problem !== undefined || kind !== tenantUserUpsells.kind) continue;
    const key = `${made.metadata.namespace}/${made.metadata.name}`;
    if (wanted.has(key)) {
      refuse('The files have an object of this name already. Remove one of the two.');
      continue;
    }
    const there = world.fleet.get(key);
    const broken = there?.spec.ok === true ? brokenChange(raw['spec'], there.spec.value) : undefined;
    const object = transformTenantUserUpsell(made);
    if (broken !== undefined) refuse(broken);
    if (broken !== undefined || object === undefined) continue;
    const laid = there === undefined ? object : edited(there, object);
    world.fleet.upsert(laid);
    wanted.set(key, { object: laid, where });
  }
  return { wanted: [...wanted.values()], refused };
}

/** The object that is there, after it was applied. */
function edited(there: TenantUserUpsell, { spec }: TenantUserUpsell): TenantUserUpsell {
  const isSame = JSON.stringify(there.spec) === JSON.stringify(spec);
  return isSame
    ? there
    : { ...there, spec, generation: there.generation + 1, resourceVersion: `${there.resourceVersion} edited` };
}
