/**
 * `GET /users` for those of a whole subtree that changed since, page by page. It is honest unless the switch `feed` makes it
 * otherwise: then it is refused, leaves out, repeats, loops or goes backwards.
 */

import type { Handler } from '../state/cloud.ts';
import { formatSeconds } from '../state/timestamps.ts';
import { NO_TYPES } from '../state/users.ts';
import { encodeCursor } from './cursor.ts';
import { serverTime } from './read-users.ts';
import { type ApiResponse, malformed, ok } from './responses.ts';
import { beginOf, pageOf } from './subtree-users.ts';
import { userItem } from './views.ts';
import { visibleTenant } from './visible.ts';

const HOUR = 3_600_000_000;

export const feed: Handler = (cloud, call): ApiResponse => {
  const lie = call.switches.feed;
  if (lie === 'refused') return malformed('subtree_root_tenant_id', 'is not available');
  const begin = beginOf(call);
  const root = visibleTenant(cloud, call, begin.root);
  const page = pageOf(cloud, root, begin, begin.to, lie === 'omits');
  const again = lie === 'repeats' && begin.to > begin.from ? pageOf(cloud, root, begin, begin.from).users : [];
  const items = [...again, ...page.users].map((user) => {
    const item = userItem(user, begin.lod, begin.policies, call.switches);
    return lie === 'backwards' && typeof user.version === 'number' && user.version > 1
      ? { ...item, version: user.version - 1, ...(begin.lod === 'full' ? { business_types: NO_TYPES } : {}) }
      : item;
  });
  const next = lie === 'loops' ? begin : { ...begin, from: begin.to, to: page.end };
  return ok({
    timestamp:
      lie === 'backwards'
        ? formatSeconds(cloud.now() + call.switches.clockSkewMs * 1000 - HOUR)
        : serverTime(cloud, call),
    items,
    ...(page.more || lie === 'loops' ? { paging: { cursors: { after: encodeCursor(next) } } } : {}),
  });
};
