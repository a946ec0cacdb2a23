/**
 * What happened: every request, and every change of a user, with who and when. Tests ask it "who wrote when" and "how often was
 * this user written"; a bench takes its counts from it. It never holds a secret or a token: tokens have numbers.
 *
 * Counts are exact for ever; the lists keep the latest entries and count the older ones that were dropped.
 */

import type { Route } from '../http/routes.ts';
import { RecentList } from './recent.ts';
import type { Revision } from './users.ts';

export interface RequestRecord {
  /** Milliseconds since 1970 when the request came. */
  readonly at: number;
  readonly ms: number;
  readonly method: string;
  readonly route: Route;
  /** The user or tenant the path names. */
  readonly id: string | undefined;
  /** 0 where no response was sent (cut or left hanging). */
  readonly status: number;
  readonly client: string | undefined;
  /** Number of the token, in the order they were issued. */
  readonly token: number | undefined;
  readonly userAgent: string | undefined;
  /** Kinds of the faults that were done to it. */
  readonly faults: readonly string[];
}

export interface WriteRecord {
  readonly at: number;
  /** An applied PUT, or another request that changes; someone in the web console; or the other writer of a fault. */
  readonly by: 'put' | 'request' | 'console' | 'otherWriter';
  readonly user: string;
  readonly before: Revision;
  readonly after: Revision;
  readonly businessTypes: readonly string[];
  /** Which fields are different now; none where only the revision moved. */
  readonly fields: readonly string[];
  readonly client: string | undefined;
  readonly token: number | undefined;
  readonly userAgent: string | undefined;
}

export interface PutCount {
  /** PUT requests that named this user and were not turned away by a fault before they were handled. */
  readonly sent: number;
  readonly applied: number;
  readonly conflicts: number;
}

export interface LedgerStats {
  readonly requests: number;
  readonly byRoute: Readonly<Record<string, number>>;
  /** For each route, its responses by status ("0": none sent). */
  readonly byStatus: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly peakInFlight: number;
  readonly putsApplied: number;
  readonly putConflicts: number;
  readonly usersPutMoreThanOnce: number;
}

const NO_PUTS: PutCount = { sent: 0, applied: 0, conflicts: 0 };

export class Ledger {
  readonly requests: RecentList<RequestRecord>;
  readonly writes: RecentList<WriteRecord>;
  readonly #byRoute = new Map<string, number>();
  readonly #byStatus = new Map<string, Map<number, number>>();
  readonly #faults = new Map<string, number>();
  readonly #puts = new Map<string, { sent: number; applied: number; conflicts: number }>();
  #count = 0;
  #inFlight = 0;
  #peak = 0;

  constructor(keepRequests: number, keepWrites: number) {
    this.requests = new RecentList(keepRequests);
    this.writes = new RecentList(keepWrites);
  }

  began(): void {
    this.#inFlight += 1;
    if (this.#inFlight > this.#peak) this.#peak = this.#inFlight;
  }

  ended(): void {
    this.#inFlight -= 1;
  }

  request(record: RequestRecord): void {
    this.requests.push(record);
    this.#count += 1;
    add(this.#byRoute, record.route);
    const statuses = this.#byStatus.get(record.route) ?? new Map<number, number>();
    this.#byStatus.set(record.route, statuses);
    add(statuses, record.status);
    for (const kind of record.faults) add(this.#faults, kind);
  }

  put(user: string, outcome: 'applied' | 'conflict' | 'refused'): void {
    const count = this.#puts.get(user) ?? { ...NO_PUTS };
    this.#puts.set(user, count);
    count.sent += 1;
    if (outcome === 'applied') count.applied += 1;
    if (outcome === 'conflict') count.conflicts += 1;
  }

  write(record: WriteRecord): void {
    this.writes.push(record);
  }

  putsOf(user: string): PutCount {
    return this.#puts.get(user) ?? NO_PUTS;
  }

  writesOf(user: string): WriteRecord[] {
    return this.writes.all().filter((write) => write.user === user);
  }

  /** How many requests a route had; with a status, how many of them got it. */
  count(route: Route, status?: number): number {
    return (status === undefined ? this.#byRoute.get(route) : this.#byStatus.get(route)?.get(status)) ?? 0;
  }

  stats(): LedgerStats {
    const puts = [...this.#puts.values()];
    return {
      requests: this.#count,
      byRoute: Object.fromEntries(this.#byRoute),
      byStatus: Object.fromEntries([...this.#byStatus].map(([route, counts]) => [route, Object.fromEntries(counts)])),
      faults: Object.fromEntries(this.#faults),
      inFlight: this.#inFlight,
      peakInFlight: this.#peak,
      putsApplied: puts.reduce((sum, count) => sum + count.applied, 0),
      putConflicts: puts.reduce((sum, count) => sum + count.conflicts, 0),
      usersPutMoreThanOnce: puts.filter((count) => count.applied > 1).length,
    };
  }

  /** Forgets everything but the requests in flight. */
  reset(): void {
    this.requests.clear();
    this.writes.clear();
    for (const map of [this.#byRoute, this.#byStatus, this.#faults, this.#puts]) map.clear();
    this.#count = 0;
    this.#peak = this.#inFlight;
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
