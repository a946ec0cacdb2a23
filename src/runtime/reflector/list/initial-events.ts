/** The first part of a streaming list: the objects that are there, each as an event, until the bookmark that says that these were all. */
import type { Stored } from '../../store/store.ts';
import type { DataEvent } from '../watch/follow.ts';
import { metaOf } from './object-meta.ts';
import type { Transform } from './transform.ts';

export class InitialEvents<T extends Stored> {
  readonly objects = new Map<string, T>();
  readonly #transform: Transform<T>;

  constructor(transform: Transform<T>) {
    this.#transform = transform;
  }

  /** @returns the version of the list when this event completes it. */
  take(event: DataEvent): string | undefined {
    if (event.kind === 'bookmark') return event.endsInitial ? event.resourceVersion : undefined;
    const object = event.kind === 'deleted' ? undefined : this.#transform.of(event.object);
    if (object !== undefined) {
      this.objects.set(object.key, object);
      return undefined;
    }
    const { key } = metaOf(event.object);
    if (key !== undefined) this.objects.delete(key);
    return undefined;
  }
}
