/**
 * Users that the change feed named and that may match otherwise than before, read by their ids: a hundred in one request, where a full pass would list all of them.
 * Only where one does match otherwise is a pass wanted, since children come and go by a pass alone.
 */
import { AcronisError } from '../../../acronis/errors.ts';
import { childName } from '../../../api/policy/children.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import { isChildOf } from '../children/template.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { Lister } from '../pass/pass.ts';
import type { Served } from '../standing.ts';

/** More than these are no cheaper to judge one by one than by a full pass. */
export const maxSuspects = 1_000;

/** @throws the signal's reason. */
export async function judgeSuspects(
  policy: TenantUpsellPolicy,
  { account, selection, asked }: Served,
  memory: Memory,
  {
    lister,
    context,
  }: { readonly lister: Pick<Lister, 'judge'>; readonly context: Pick<PolicyContext, 'fleet' | 'clock' | 'log'> },
  signal: AbortSignal,
): Promise<void> {
  const { suspects, pass } = memory;
  if (suspects.size === 0) return;
  const ids = [...suspects];
  suspects.clear();
  // A pass is due anyway.
  if (pass?.asked !== asked || memory.wantedAt !== undefined) return;
  if (ids.length >= maxSuspects) {
    memory.wantedAt = context.clock.now();
    return;
  }
  try {
    const judged = await lister.judge(account, selection, ids, signal);
    for (const [id, { kind }] of judged) {
      const named = context.fleet.get(`${policy.namespace}/${childName(id)}`);
      const hasChild = named !== undefined && isChildOf(named, policy);
      const isNews = kind === 'match' ? !pass.users.has(id) : kind === 'noMatch' && (hasChild || pass.users.has(id));
      if (isNews) memory.wantedAt = context.clock.now();
    }
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    context.log.debug('users that changed could not be read; all are listed instead', {
      policy: policy.key,
      why: error.detail,
    });
    memory.wantedAt = context.clock.now();
  }
}
