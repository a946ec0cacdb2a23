/** The API server's audit log compared with RBAC rules: what was refused to which client, and which rights were never used. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';

const entrySchema = z.object({
  /** One for each request; a watch has two entries, at its beginning and at its end. */
  auditID: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  // Empty for a request whose token is unknown.
  user: z.object({ username: z.string().default('') }),
  userAgent: z.string().default(''),
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
  annotations: z.record(z.string(), z.string()).default({}),
});
export type Entry = z.output<typeof entrySchema>;

/** The requests whose line in the log has this word in it. */
export async function readAudit(auditLog: string, word: string): Promise<Entry[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n');
  // The last line may be half written.
  return lines.flatMap((line) =>
    line.endsWith('}') && line.includes(word) ? [entrySchema.parse(JSON.parse(line))] : [],
  );
}

/** What this user asked for. */
export async function asked(auditLog: string, username: string): Promise<Entry[]> {
  return (await readAudit(auditLog, username)).filter(({ user }) => user.username === username);
}

/** `verb URI: code` of each request that was not let in. */
export const refused = (entries: readonly Entry[]): string[] => [
  ...new Set(
    entries.flatMap((entry) =>
      isRefused(entry) ? [`${entry.verb} ${entry.requestURI.split('?')[0]}: ${entry.responseStatus?.code}`] : [],
    ),
  ),
];

/** Refused because of the client's rights: admission responds with 403 too, to an event in a namespace that is going, for instance. */
function isRefused({ responseStatus, annotations }: Entry): boolean {
  if (responseStatus?.code === 401) return true;
  return responseStatus?.code === 403 && annotations['authorization.k8s.io/decision'] !== 'allow';
}

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
  { verb: used, objectRef, responseStatus }: Entry,
  namespace: string | undefined,
  group: string,
  resource: string,
  verb: string,
  names: readonly string[] | undefined,
): boolean {
  // A server-side apply of what is not there is a patch that needs the right to create too.
  const creates = used === 'patch' && responseStatus?.code === 201 && verb === 'create';
  if (objectRef === undefined || !(used === verb || creates) || objectRef.apiGroup !== group) return false;
  const { subresource, name } = objectRef;
  if (resource !== (subresource === undefined ? objectRef.resource : `${objectRef.resource}/${subresource}`))
    return false;
  if (namespace !== undefined && objectRef.namespace !== namespace) return false;
  return names === undefined || (name !== undefined && names.includes(name));
}
