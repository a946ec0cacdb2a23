/** The API server's audit log held against RBAC rules: who was refused what, and which right nobody used. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';

const entrySchema = z.object({
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z
    .object({
      resource: z.string().default(''),
      subresource: z.string().optional(),
      apiGroup: z.string().default(''),
      namespace: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.number() }).optional(),
});
export type Entry = z.output<typeof entrySchema>;

/** What this user asked for. */
export async function asked(auditLog: string, username: string): Promise<Entry[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    // The last line may be half written.
    if (!line.endsWith('}') || !line.includes(username)) return [];
    const entry = entrySchema.parse(JSON.parse(line));
    return entry.user.username === username ? [entry] : [];
  });
}

/** `verb URI: code` of each request that was not let in. */
export const refused = (entries: readonly Entry[]): string[] => [
  ...new Set(
    entries.flatMap(({ verb, requestURI, responseStatus }) =>
      responseStatus?.code === 403 || responseStatus?.code === 401
        ? [`${verb} ${requestURI.split('?')[0]}: ${responseStatus.code}`]
        : [],
    ),
  ),
];

export const ruleSchema = z.object({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
  resourceNames: z.array(z.string()).optional(),
});
export interface Right {
  /** Absent: everywhere. */
  readonly namespace: string | undefined;
  readonly rule: z.output<typeof ruleSchema>;
}

/** `verb group/resource in namespace` of each right, one by one, that no request needed. */
export function unused(entries: readonly Entry[], rights: readonly Right[]): string[] {
  return rights.flatMap(({ namespace, rule }) =>
    rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) =>
        rule.verbs
          .filter(
            (verb) => !entries.some((entry) => needs(entry, namespace, group, resource, verb, rule.resourceNames)),
          )
          .map((verb) => `${verb} ${group}/${resource} in ${namespace ?? 'all namespaces'}`),
      ),
    ),
  );
}

function needs(
  { verb: used, objectRef }: Entry,
  namespace: string | undefined,
  group: string,
  resource: string,
  verb: string,
  names: readonly string[] | undefined,
): boolean {
  if (objectRef === undefined || used !== verb || objectRef.apiGroup !== group) return false;
  const { subresource, name } = objectRef;
  if (resource !== (subresource === undefined ? objectRef.resource : `${objectRef.resource}/${subresource}`))
    return false;
  if (namespace !== undefined && objectRef.namespace !== namespace) return false;
  return names === undefined || (name !== undefined && names.includes(name));
}
