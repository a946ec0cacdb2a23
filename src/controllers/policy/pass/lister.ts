/** Users as Acronis shows them: where a pass is made of them. */
import type { Clock } from '../../../base/clock.ts';
import { judgeUsers } from '../../../fleet/selection/judge-users.ts';
import { selectUsers } from '../../../fleet/selection/select-users.ts';
import type { Lister } from './pass.ts';

export const createLister = (clock: Clock): Lister => ({
  list: (account, selection, signal) => selectUsers({ account, selection, clock, signal }),
  judge: (account, selection, ids, signal) => judgeUsers(ids, { account, selection, signal }),
});
