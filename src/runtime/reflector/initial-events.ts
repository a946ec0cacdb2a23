/** The first part of a streaming list: the objects that are there, each as an event, until the bookmark that says that these were all. */
import type { WatchEvent } from '../../kubernetes/calls/client.ts';
import type { Stored } from '../store/store.ts';
import { invalidAnswer } from './failure.ts';
import { metaOf } from './object-meta.ts';
import type { Projection } from './transform.ts';

export class InitialEvents<T extends Stored> {
  readonly objects = new Map<string, T>();
  readonly #projection: Projection<T>;

  constructor(projection: Projection<T>) {
    this.#projection = projection;
  }

  /** @returns the version of the list when this event completes it. */
  take(event: WatchEvent): string | undefined {
    const { key, resourceVersion, endsInitialEvents } = metaOf(event.object);
    if (endsInitialEvents) {
      if (resourceVersion === undefined) throw invalidAnswer('the streaming list ended without a resource version');
      return resourceVersion;
    }
    if (event.type === 'BOOKMARK') return undefined;
    const object = event.type === 'DELETED' ? undefined : this.#projection.of(event.object);
    if (object !== undefined) this.objects.set(object.key, object);
    else if (key !== undefined) this.objects.delete(key);
    return undefined;
  }
}
