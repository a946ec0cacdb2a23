/** A change of a user by a request other than PUT /users/{id}: applied, and written in the ledger. */
import type { Call, Cloud } from '../state/cloud.ts';
import type { Moves, User, UserChange } from '../state/users.ts';

export function recordChange(
  cloud: Cloud,
  call: Call,
  user: User,
  change: UserChange,
  moves: Moves = 'revision',
): void {
  const { before, after } = cloud.directory.update(user, change, moves);
  cloud.ledger.write({
    at: cloud.clock.wall(),
    by: 'request',
    user: user.id,
    before,
    after,
    businessTypes: user.businessTypes,
    fields: Object.keys(change),
    client: call.caller.id,
    token: call.token,
    userAgent: call.userAgent,
  });
}
