/**
 * What the API server's audit log says of a whole run: whether every operator had the rights of a release and no others, whether any was refused
 * anything, and whether each right was needed by some world.
 */
import { type Entry, readAudit, refused, unused } from '../../sandbox/controlplane/audit.ts';
import { boundRights } from '../../sandbox/controlplane/bound-rights.ts';
import type { ControlPlaneAddress } from '../../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { serviceAccount } from '../../sandbox/operator/rights.ts';

export interface SuiteAudit {
  /** Sentences; none where all is well. */
  readonly complaints: readonly string[];
  readonly requests: number;
  readonly operators: number;
  /** Different ones. */
  readonly rights: number;
}

/** The annotation of a world's namespace that says which test file made it. */
export const madeBy = 'integration.test/made-by';

/** `whole`: all tests have run, so that a right that was not needed is one too many. */
export async function auditSuite(
  controlPlane: ControlPlaneAddress,
  auditLog: string,
  whole: boolean,
): Promise<SuiteAudit> {
  const entries = await readAudit(auditLog, serviceAccount);
  const rights = [...(await boundRights(controlPlane))].filter(([user]) => user.endsWith(`:${serviceAccount}`));
  const users = new Set(rights.map(([user]) => user));
  const byUser = Map.groupBy(entries, ({ user }) => user.username);
  const complaints = strangers(entries, users);

  const all = new Set<string>();
  const used = new Set<string>();
  for (const [user, ofUser] of rights) {
    const own = byUser.get(user) ?? [];
    const namespace = namespaceOf(user);
    for (const each of refused(own))
      complaints.push(`The operator of ${await fileOf(controlPlane, namespace)} was refused ${each}`);
    const inWords = (seen: readonly Entry[]) =>
      unused(seen, ofUser).map((each) => each.replace(` in ${namespace}`, ' in its namespace'));
    const left = new Set(inWords(own));
    for (const right of inWords([])) {
      all.add(right);
      if (!left.has(right)) used.add(right);
    }
  }
  if (whole)
    for (const right of all)
      if (!used.has(right))
        complaints.push(
          `No test needs this right: ${right}. Take it out of the chart, or add the test that is missing.`,
        );
  const requests = new Set(entries.flatMap(({ user, auditID }) => (users.has(user.username) ? [auditID] : [])));
  return { complaints, requests: requests.size, operators: rights.length, rights: all.size };
}

/** Operators that ran as another account, and were accepted. */
function strangers(entries: readonly Entry[], users: ReadonlySet<string>): string[] {
  const found = entries.filter(
    ({ user, userAgent, responseStatus }) =>
      userAgent.startsWith(`${serviceAccount}/`) && !users.has(user.username) && responseStatus?.code !== 401,
  );
  return [...Map.groupBy(found, ({ user }) => user.username)].map(
    ([name, [first]]) =>
      `An operator ran as ${name}, not with the rights of a release: ${first?.verb} ${first?.requestURI}`,
  );
}

const namespaceOf = (user: string): string => user.split(':').at(-2) ?? '';

async function fileOf(controlPlane: ControlPlaneAddress, namespace: string): Promise<string> {
  const path = `-o=jsonpath={.metadata.annotations.${madeBy.replaceAll('.', '\\.')}}`;
  const file = await kubectlOk(controlPlane, ['get', 'namespace', namespace, path, '--ignore-not-found']);
  return `${namespace} (${file || 'made by an unknown test'})`;
}
