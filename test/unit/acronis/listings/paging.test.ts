/** Where a list goes on after a page: only what the API itself says is its end. */
import { describe, expect, test } from 'vitest';
import { nextOf } from '../../../../src/acronis/listings/paging.ts';
import { parseTenantPage } from '../../../../src/acronis/listings/tenants.ts';
import { parseUserPage } from '../../../../src/acronis/listings/users.ts';
import { lastPages } from '../support.ts';

describe('the last page', () => {
  test.each(lastPages)('has %s', (_, paging) => {
    expect(nextOf(paging)).toEqual({ after: undefined });
    expect(parseUserPage({ items: [], ...paging })).toEqual({ items: [], unreadable: 0, after: undefined });
  });
});

describe('a page is none of the API', () => {
  test.each([
    ['a word', { paging: 'next' }],
    ['a list', { paging: [] }],
    ['cursors that are a word', { paging: { cursors: 'x' } }],
    ['a number as the cursor', { paging: { cursors: { after: 5 } } }],
    ['an object as the cursor', { paging: { cursors: { after: { id: 'x' } } } }],
  ])('whose paging is %s, and not the end of a list', (_, paging) => {
    expect(nextOf(paging)).toBeUndefined();
    expect(parseUserPage({ items: [], ...paging })).toBeUndefined();
    expect(parseTenantPage({ items: [], ...paging })).toBeUndefined();
  });
});

test('a cursor is kept as it is', () => {
  expect(nextOf({ paging: { cursors: { after: 'A+/=&x=1' } } })).toEqual({ after: 'A+/=&x=1' });
});
