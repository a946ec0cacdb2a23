/** Query parameters: read once, each with the refusal the API gives for a bad one. */

import { isUuid } from '../random.ts';
import { type ApiResponse, malformed } from './responses.ts';
import type { DetailLevel } from './views.ts';

/** Thrown while a query is read, caught where the route responds: the way out of a deep read with a 400. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly response: ApiResponse;

  constructor(response: ApiResponse) {
    super('The request was refused.');
    this.response = response;
  }
}

const refuse = (field: string, sentence: string): never => {
  throw new Refusal(malformed(field, sentence));
};

export function flagParam(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  return refuse(name, 'must be true or false');
}

export function countParam(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1 && count <= most)) {
    return refuse(name, most === UNLIMITED ? 'must be a number, 1 or more' : `must be a number from 1 to ${most}`);
  }
  return count;
}

export const UNLIMITED = 1_000_000_000;

export function lodParam(query: URLSearchParams): DetailLevel {
  const text = query.get('lod');
  if (text === null) return 'full';
  if (text === 'stamps' || text === 'basic' || text === 'full') return text;
  return refuse('lod', 'must be stamps, basic or full');
}

/** A comma-separated list of at most 100 different ids. */
export function uuidsParam(query: URLSearchParams): Set<string> {
  const ids = (query.get('uuids') ?? '').split(',');
  if (ids.length > 100) refuse('uuids', `at most 100 are allowed, and these are ${ids.length}`);
  for (const id of ids) if (!isUuid(id)) refuse('uuids', 'must be UUIDs in lower case, separated by commas');
  return new Set(ids);
}

/** Refuses parameters that exclude the one named. */
export function excludes(query: URLSearchParams, name: string, others: readonly string[]): void {
  for (const other of others) if (query.has(other)) refuse(name, `cannot be used together with ${other}`);
}

/** A cursor stands for all filters of the first page, so that nothing but `limit` may stand beside it. */
export function cursorAlone(query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (name !== 'after' && name !== 'limit') refuse('after', `carries all filters; send it without ${name}`);
  }
}
