import { expect, test } from 'vitest';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { CHAPTER_TENANT } from '../../sandbox/acronis/seed.ts';
import { field, idsOf, items, signIn } from './ask.ts';

test('50,000 users are read whole by batches of 100, and by pages of 2,000, each once', {
  timeout: 60_000,
}, async () => {
  const sandbox = await startSandbox({ users: 50_000, tenants: 50 });
  try {
    const ask = await signIn(sandbox);
    const ids = sandbox.directory.all().map(({ id }) => id);
    expect(ids).toHaveLength(50_012);
    const read = new Set<unknown>();
    for (let i = 0; i < ids.length; i += 100) {
      const { json } = await ask('GET', `/users?uuids=${ids.slice(i, i + 100).join(',')}`);
      for (const id of idsOf(json)) read.add(id);
    }
    expect(read.size).toBe(50_010); // All but the hermit and the stranger.

    const paged = new Set<unknown>();
    let next = `subtree_root_tenant_id=${CHAPTER_TENANT}&lod=stamps`;
    while (next !== '') {
      const { json } = await ask('GET', `/users?${next}`);
      for (const id of idsOf(json)) paged.add(id);
      const after = field(json, 'paging', 'cursors', 'after');
      next = after === undefined ? '' : `after=${encodeURIComponent(String(after))}`;
    }
    expect(paged).toEqual(read);
    expect(sandbox.ledger.stats().byRoute).toEqual({ token: 1, getUsers: 501, listUsers: 26 });

    // One login among all, found exactly.
    const login = sandbox.directory.at(40_000)?.login ?? '';
    const found = items((await ask('GET', `/search?tenant=${CHAPTER_TENANT}&text=${login}`)).json);
    expect(found.map((item) => field(item, 'login'))).toContain(login);
  } finally {
    await sandbox.stop();
  }
});
