import { describe, expect, test } from 'vitest';
import { parseStampPage } from '../../../src/acronis/stamps.ts';
import { id, lastPages, wireUser } from './support.ts';

describe('a page of the change feed', () => {
  test('has ids, revisions and deletions, the cursor and the time of the server', () => {
    const items = [wireUser(1, { updated_at: '2026-01-02T03:04:05.5' }), { id: 'x' }, null];
    const raw = { timestamp: '2026-01-02T03:04:06', items, paging: { cursors: { after: 'A==' } } };
    expect(parseStampPage(raw)).toEqual({
      stamps: [{ id: id(1), version: 1, deleted: false }],
      after: 'A==',
      timestamp: Date.parse('2026-01-02T03:04:06Z'),
      newestChange: Date.parse('2026-01-02T03:04:05.500Z'),
    });
  });

  test('names a user of whom it shows no tenant', () => {
    expect(parseStampPage({ items: [{ id: id(1), version: 7 }] })?.stamps).toEqual([
      { id: id(1), version: 7, deleted: false },
    ]);
  });

  test('does not say that a user of whom it shows roles and no tenant is no company administrator', () => {
    const access_policies = [{ role_id: 'company_admin', tenant_id: id(2) }];
    const [stamp] = parseStampPage({ items: [{ id: id(1), version: 7, access_policies }] })?.stamps ?? [];
    expect(stamp).toMatchObject({ version: 7, isCompanyAdmin: undefined });
  });

  test.each(lastPages)('with %s is the last one', (_, fields) => {
    expect(parseStampPage({ items: null, ...fields })).toMatchObject({ stamps: [], after: undefined });
  });

  test.each([
    ['2026-01-02T03:04:06Z', '2026-01-02T03:04:06Z'],
    ['2026-01-02T05:04:06+02:00', '2026-01-02T03:04:06Z'],
    ['2026-01-02 03:04:06.000001', '2026-01-02T03:04:06Z'],
  ])('reads the time %s', (timestamp, time) => {
    expect(parseStampPage({ items: [], timestamp })?.timestamp).toBe(Date.parse(time));
  });

  test.each([undefined, null, [], {}, { items: {} }, { items: [], paging: { cursors: { after: 5 } } }])(
    'is not %j',
    (raw) => expect(parseStampPage(raw)).toBeUndefined(),
  );
});
