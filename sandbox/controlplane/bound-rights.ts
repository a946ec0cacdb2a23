/** Which rights the API server gives its ServiceAccounts, by its own roles and bindings, without those of groups, which every client has. */
import * as z from 'zod';
import { type Right, ruleSchema } from './audit.ts';
import { kubectlOk } from './kubectl.ts';

const metadata = z.object({ name: z.string(), namespace: z.string().optional() });

const bindingsSchema = z.object({
  items: z.array(
    z.object({
      metadata,
      roleRef: z.object({ kind: z.string(), name: z.string() }),
      subjects: z.array(z.object({ kind: z.string(), name: z.string(), namespace: z.string().optional() })).default([]),
    }),
  ),
});
// Those of Kubernetes itself have rules of other forms too: only those that are bound are read.
const rolesSchema = z.object({ items: z.array(z.object({ kind: z.string(), metadata, rules: z.unknown() })) });
const rulesSchema = z.array(ruleSchema);

/** By user name, as in `system:serviceaccount:namespace:name`. */
export async function boundRights(controlPlane: {
  readonly kubectl: string;
  readonly kubeconfig: string;
}): Promise<ReadonlyMap<string, readonly Right[]>> {
  const get = async (kinds: string): Promise<unknown> =>
    JSON.parse(await kubectlOk(controlPlane, ['get', kinds, '-A', '-o', 'json']));
  const bindings = bindingsSchema.parse(await get('clusterrolebindings,rolebindings'));
  const roles = rolesSchema.parse(await get('clusterroles,roles'));
  const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
    kind === 'ClusterRole' ? `ClusterRole ${name}` : `Role ${namespace}/${name}`;
  const rulesOf = new Map(
    roles.items.map((role) => [keyOf(role.kind, role.metadata.namespace, role.metadata.name), role.rules]),
  );

  const rights = new Map<string, Right[]>();
  for (const { metadata: where, roleRef, subjects } of bindings.items) {
    for (const subject of subjects) {
      if (subject.kind !== 'ServiceAccount') continue;
      const rules = rulesSchema.parse(rulesOf.get(keyOf(roleRef.kind, where.namespace, roleRef.name)) ?? []);
      const user = `system:serviceaccount:${subject.namespace}:${subject.name}`;
      const more = rules.map((rule): Right => ({ namespace: where.namespace, rule }));
      rights.set(user, [...(rights.get(user) ?? []), ...more]);
    }
  }
  return rights;
}
