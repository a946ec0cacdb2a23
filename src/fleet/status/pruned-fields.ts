/**
 * Which fields of a kind's status the CRD in the cluster does not have. The API server leaves them out of what is written and does not say so; a CRD that is older
 * than the operator does this. Each field is looked for in the response to the patch that brings it first; one that is missing there is said once, shown by
 * readiness, and written no more but for a try now and then, so that a newer CRD is noticed. A field that was stored once is not looked for again.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Resource } from '../../kubernetes/calls/resource.ts';

type Changes = Readonly<Record<string, unknown>>;

const tryAgainMs = 10 * 60_000;

export interface PrunedFieldsOptions {
  readonly resource: Resource;
  readonly clock: Clock;
  readonly log: Log;
}

export class PrunedFields {
  readonly #kind: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stored = new Set<string>();
  /** By field, when it was last found missing. */
  readonly #pruned = new Map<string, number>();

  constructor({ resource, clock, log }: PrunedFieldsOptions) {
    this.#kind = resource.kind;
    this.#clock = clock;
    this.#log = log;
  }

  /** What of the changes is worth a patch; undefined where nothing is. */
  without(changes: Changes): Changes | undefined {
    if (this.#pruned.size === 0) return changes;
    const left = Object.entries(changes).filter(([field, value]) => {
      const at = this.#pruned.get(field);
      // A field that is not stored cannot be removed.
      return at === undefined || (value !== null && this.#clock.now() - at >= tryAgainMs);
    });
    return left.length === 0 ? undefined : Object.fromEntries(left);
  }

  /** Whether only the response can show that all of these are stored. */
  mustSee(changes: Changes): boolean {
    return Object.keys(changes).some((field) => changes[field] !== null && !this.#stored.has(field));
  }

  /** @param status as it is stored after the changes. */
  saw(changes: Changes, status: Changes): void {
    for (const [field, value] of Object.entries(changes)) {
      if (value === null) continue;
      if (status[field] !== undefined) {
        this.#stored.add(field);
        if (this.#pruned.delete(field)) this.#log.info('a status field is stored again', { kind: this.#kind, field });
        continue;
      }
      if (!this.#pruned.has(field))
        this.#log.warn(
          'the CRD in the cluster lacks a status field, which is not stored; apply the CRD of this version',
          { kind: this.#kind, field },
        );
      this.#pruned.set(field, this.#clock.now());
    }
  }

  /** For readiness; undefined where every field is stored. */
  get note(): string | undefined {
    if (this.#pruned.size === 0) return undefined;
    return `the CRD of ${this.#kind} in the cluster lacks ${[...this.#pruned.keys()].map((field) => `status.${field}`).join(', ')}; apply the CRD of this version`;
  }
}
