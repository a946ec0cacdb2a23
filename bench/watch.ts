/** What the driver sees of its objects: a watch of its own, and waiting for what it will show. */
import * as z from 'zod';
import { tenantUserUpsells } from '../src/api/names.ts';
import type { KubernetesClient } from '../src/kubernetes/calls/client.ts';
import { pathOf } from '../src/kubernetes/calls/resource.ts';
import type { WatchEvent } from '../src/kubernetes/watch/protocol.ts';

const objectSchema = z.object({
  metadata: z.object({ name: z.string(), generation: z.number(), resourceVersion: z.string() }),
  status: z
    .object({
      observedGeneration: z.number().optional(),
      observedVersion: z.number().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string() })).default([]),
    })
    .optional(),
});
const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const listSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/** One event of an object. */
export interface Seen {
  readonly name: string;
  readonly deleted: boolean;
  readonly generation: number;
  /** Ready is True, for this very generation. */
  readonly ready: boolean;
  readonly observedVersion: number | undefined;
  /** When it was seen: `performance.now()`. */
  readonly at: number;
}

export class DriverWatch {
  readonly #listeners = new Set<(seen: Seen) => void>();
  readonly #end = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #running: Promise<void>;

  private constructor(client: KubernetesClient, namespace: string, resourceVersion: string) {
    this.#failed.promise.catch(() => {});
    this.#running = this.#follow(client, namespace, resourceVersion).catch((error: unknown) => {
      if (!this.#end.signal.aborted) this.#failed.reject(error);
    });
  }

  static async open(client: KubernetesClient, namespace: string, signal: AbortSignal): Promise<DriverWatch> {
    const path = pathOf(tenantUserUpsells, { namespace });
    const list = await client.request({ method: 'GET', path, query: { limit: '1' } }, signal);
    return new DriverWatch(client, namespace, listSchema.parse(list).metadata.resourceVersion);
  }

  /** Calls `take` for each event until it returns true. @throws Error when the time is over, or the watch broke. */
  until(
    what: string,
    take: (seen: Seen) => boolean,
    withinMs: number,
    progress: () => string,
  ): { readonly done: Promise<number> } {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const timer = setTimeout(
      () => reject(new Error(`Waited ${withinMs / 1000} s until ${what}: ${progress()}.`)),
      withinMs,
    );
    const listener = (seen: Seen): void => {
      if (take(seen)) resolve(seen.at);
    };
    this.#listeners.add(listener);
    const done = Promise.race([promise, this.#failed.promise]).finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    });
    done.catch(() => {});
    return { done };
  }

  async close(): Promise<void> {
    const over = new Error("The driver's watch is over.");
    this.#end.abort(over);
    // A caller that still waits, and its timer, must not keep this process alive.
    this.#failed.reject(over);
    await this.#running;
  }

  async #follow(client: KubernetesClient, namespace: string, from: string): Promise<void> {
    const path = pathOf(tenantUserUpsells, { namespace });
    let resourceVersion = from;
    while (!this.#end.signal.aborted) {
      const query = { watch: '1', allowWatchBookmarks: 'true', resourceVersion };
      const onEvent = (event: WatchEvent): void => {
        if (event.kind === 'error') throw event.error;
        if (event.kind === 'bookmark') {
          resourceVersion = event.resourceVersion;
          return;
        }
        resourceVersion = versionSchema.parse(event.object).metadata.resourceVersion;
        this.#notify(event.kind === 'deleted', event.object);
      };
      await client.watch({ path, query, idleTimeoutMs: 300_000 }, { onAccepted() {}, onEvent }, this.#end.signal);
    }
  }

  #notify(deleted: boolean, raw: unknown): void {
    const { metadata, status } = objectSchema.parse(raw);
    const readyCondition = status?.conditions.find((each) => each.type === 'Ready');
    const seen: Seen = {
      name: metadata.name,
      deleted,
      generation: metadata.generation,
      ready: readyCondition?.status === 'True' && status?.observedGeneration === metadata.generation,
      observedVersion: status?.observedVersion,
      at: performance.now(),
    };
    for (const listener of this.#listeners) listener(seen);
  }
}
