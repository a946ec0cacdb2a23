/** Control of the whole: what happened, forgetting it, other people. */
import { z } from 'zod';
import { parseInput } from '../calls/input.ts';
import { isBuyer } from '../state/users.ts';
import type { Action, Controlled } from './action.ts';
import { listOf } from './list-query.ts';

const seedBody = z.strictObject({
  users: z.int().min(0).max(1_000_000).optional(),
  tenants: z.int().min(2).max(10_000).optional(),
  seed: z.int().optional(),
});

export function ledgerActions(it: Controlled): readonly Action[] {
  const { cloud } = it;
  return [
    {
      method: 'GET',
      path: 'stats',
      does: 'counts of requests by route and status, of writes, of users and buyers',
      run: () => ({
        ...cloud.ledger.stats(),
        users: cloud.directory.size,
        buyers: cloud.directory.all().filter((user) => user.deletedAt === undefined && isBuyer(user)).length,
        tokensIssued: cloud.tokens.issued,
      }),
    },
    {
      method: 'GET',
      path: 'requests',
      does: 'the latest requests; ?route= ?limit=',
      run: ({ query }) => {
        const { route, limit } = listOf(query);
        const all = cloud.ledger.requests.all().filter((one) => route === undefined || one.route === route);
        return { items: all.slice(-limit), dropped: cloud.ledger.requests.dropped };
      },
    },
    {
      method: 'GET',
      path: 'writes',
      does: 'the latest changes of users, by PUT, console or another writer; ?user= ?limit=',
      run: ({ query }) => {
        const { user, limit } = listOf(query);
        const all = cloud.ledger.writes.all().filter((one) => user === undefined || one.user === user);
        return { items: all.slice(-limit), dropped: cloud.ledger.writes.dropped };
      },
    },
    {
      method: 'POST',
      path: 'reset',
      does: 'forgets the counts and lists, takes all faults away and sets every switch to its default; users stay',
      run: () => {
        it.reset();
        return { reset: true };
      },
    },
    {
      method: 'POST',
      path: 'seed',
      does: 'replaces all people by new ones: {"users":50,"tenants":4,"seed":1}',
      run: ({ body }) => it.reseed(parseInput(seedBody, body, 'the seed')),
    },
    {
      method: 'GET',
      path: 'cast',
      does: 'ids of those who are always there, by the names the documentation uses',
      run: () => it.cast(),
    },
  ];
}
