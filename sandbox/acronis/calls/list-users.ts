/**
 * `GET /users` for all users of a subtree, page by page. It is honest unless the switch `listing` makes it otherwise: then it is refused, leaves out, ends
 * early, is empty, repeats, loops, changes its order between pages, or has a cursor that is not text.
 */

import type { Cloud, Handler } from '../state/cloud.ts';
import type { Tenant } from '../state/tenants.ts';
import { encodeCursor, type UserCursor } from './cursor.ts';
import { serverTime } from './read-users.ts';
import { type ApiResponse, malformed, ok } from './responses.ts';
import { beginOf, fits, pageOf, type UsersPage } from './subtree-users.ts';
import { userItem } from './views.ts';
import { visibleTenant } from './visible.ts';

export const listUsers: Handler = (cloud, call): ApiResponse => {
  const lie = call.switches.listing;
  if (lie === 'refused') return malformed('subtree_root_tenant_id', 'is not available');
  const asked = beginOf(call);
  const begin = { ...asked, limit: Math.min(asked.limit, call.switches.listingPage ?? asked.limit) };
  const root = visibleTenant(cloud, call, begin.root);
  const isFirst = begin.to < 0;
  const page =
    lie === 'reordered' && !isFirst
      ? reversedPage(cloud, root, begin)
      : pageOf(cloud, root, begin, begin.to, lie === 'omits');
  const again = lie === 'repeats' && !isFirst ? pageOf(cloud, root, begin, begin.from).users : [];
  const shown = lie === 'empty' ? [] : [...again, ...page.users];
  const next = lie === 'loops' ? begin : { ...begin, from: begin.to, to: page.end };
  const ends = lie === 'empty' || lie === 'cutShort' || (!page.more && lie !== 'loops');
  return ok({
    timestamp: serverTime(cloud, call),
    items: shown.map((user) => userItem(user, begin.lod, begin.policies, call.switches)),
    ...(ends ? {} : { paging: { cursors: { after: lie === 'garbled' ? { next } : encodeCursor(next) } } }),
  });
};

/** The page at the same offset, of the same users the other way round. */
function reversedPage(cloud: Cloud, root: Tenant, filter: UserCursor): UsersPage {
  const all = cloud.directory.all().filter((user) => fits(root, filter, user));
  const offset = all.filter(({ place }) => place <= filter.to).length;
  const users = all.toReversed().slice(offset, offset + filter.limit);
  return { users, end: all[offset + users.length - 1]?.place ?? filter.to, more: offset + users.length < all.length };
}
