/** The fleet that is there already: made once by our own operator, as production would have written it, and then served by one contender after the other. */
import { overlapMs } from '../../src/acronis/change-feed.ts';
import type { Contender, Settings } from '../contenders.ts';
import { type Target, targetsOf } from '../driver.ts';
import { fill, freshNamespace, type Lab, startWorking } from '../lab.ts';

/** How long a change can still be named, and a moment more: the first poll after it may come one interval later. */
const feedLooksBackMs = (driftMs: number): number => overlapMs + driftMs + 10_000;
const pageOfFeed = 2_000;

export class Fleet {
  readonly #lab: Lab;
  readonly #by: Contender;
  readonly #settings: Settings;
  #namespace: string | undefined;
  readonly targets: Target[] = [];
  #edited = 0;
  #madeAt = 0;

  constructor(lab: Lab, by: Contender, settings: Settings) {
    this.#lab = lab;
    this.#by = by;
    this.#settings = settings;
  }

  get size(): number {
    return this.targets.length;
  }

  /** Adds objects until there are so many, all Ready. */
  async growTo(size: number): Promise<void> {
    if (size <= this.size) return;
    const lab = this.#lab;
    if (this.#namespace === undefined) await lab.acronis.reseed();
    this.#namespace ??= await freshNamespace(lab);
    lab.note(`making a fleet of ${size} objects that are Ready`);
    const operator = await startWorking(lab, this.#by, this.#settings);
    try {
      // Those who are in the fleet are buyers by now, so the next strangers are new.
      const users = await lab.acronis.strangers(size - this.size);
      const more = targetsOf(this.#namespace, users, `fleet-${this.size}`);
      await fill(lab, operator, more);
      this.targets.push(...more);
      this.#madeAt = performance.now();
    } finally {
      await operator.stop();
    }
  }

  /**
   * Waits until a poll of the change feed no longer names those that were written to make the fleet: no production fleet was made within the last
   * minutes. One that fits on a page changes nothing.
   */
  async settled(): Promise<void> {
    const leftMs = this.#madeAt + feedLooksBackMs(this.#settings.driftMs) - performance.now();
    if (this.size < pageOfFeed || leftMs <= 0) return;
    this.#lab.note(`waiting ${Math.ceil(leftMs / 1000)} s, until the fleet's making is out of the change feed`);
    await new Promise((resolve) => setTimeout(resolve, leftMs));
  }

  /** Objects of the fleet that were not edited yet. */
  unedited(count: number): readonly Target[] {
    const found = this.targets.slice(this.#edited, this.#edited + count);
    this.#edited += found.length;
    return found;
  }

  /** New objects in the fleet's namespace, not created yet and not counted to it. */
  async newcomers(count: number, prefix: string): Promise<readonly Target[]> {
    return targetsOf(this.#namespace ?? 'default', await this.#lab.acronis.strangers(count), prefix);
  }
}
