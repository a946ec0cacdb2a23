/**
 * A list in pages. Each page is reduced to what is kept of it before the next one is asked for; the whole response is never held. Where reading the pages takes
 * longer than the server keeps them, the next list has fewer and larger ones.
 */
import type { KubernetesReader } from '../../../kubernetes/calls/client.ts';
import { isExpired, KubernetesError } from '../../../kubernetes/calls/errors.ts';
import type { Stored } from '../../store/store.ts';
import { invalidResponse } from '../recovery/failure.ts';
import { itemsOf, metaOf } from './object-meta.ts';
import type { Transform } from './transform.ts';

export interface PagedListOptions<T extends Stored> {
  readonly client: KubernetesReader;
  readonly path: string;
  /** Selectors; what makes the pages is added. */
  readonly query: Readonly<Record<string, string>>;
  readonly transform: Transform<T>;
}

export interface Listed<T> {
  readonly objects: ReadonlyMap<string, T>;
  readonly resourceVersion: string;
}

const firstLimit = 500;
/** Beyond this a list is not cut into pages at all. */
const maxLimit = 8_000;

export class PagedList<T extends Stored> {
  readonly #options: PagedListOptions<T>;
  /** Objects in a page; 0 = all in one. */
  #limit = firstLimit;

  constructor(options: PagedListOptions<T>) {
    this.#options = options;
  }

  /** @throws KubernetesError, or the signal's reason. */
  async read(signal: AbortSignal): Promise<Listed<T>> {
    const { client, path, transform } = this.#options;
    const limit = this.#limit > 0 ? { limit: String(this.#limit) } : {};
    const query = { ...this.#options.query, ...limit };
    const objects = new Map<string, T>();
    let token: string | undefined;
    for (;;) {
      let page: unknown;
      try {
        page = await client.request(
          { method: 'GET', path, query: token === undefined ? query : { ...query, continue: token } },
          signal,
        );
      } catch (error) {
        // The server threw away what the next page was to be read from.
        if (token !== undefined && isExpired(error)) throw this.#tooSlow();
        throw error;
      }
      const { resourceVersion, continueToken } = metaOf(page);
      const items = itemsOf(page);
      if (items === undefined)
        throw invalidResponse('the API server responded to a list with something that is no list');
      for (const item of items) {
        const object = transform.of(item);
        if (object !== undefined) objects.set(object.key, object);
      }
      if (continueToken === undefined) {
        if (resourceVersion === undefined)
          throw invalidResponse('the API server sent a list without a resource version');
        return { objects, resourceVersion };
      }
      if (continueToken === token) throw invalidResponse('the API server sent the same page of a list twice');
      token = continueToken;
    }
  }

  #tooSlow(): KubernetesError {
    this.#limit = this.#limit * 2 > maxLimit ? 0 : this.#limit * 2;
    return new KubernetesError('the list grew too old while it was read in pages', { status: 410, reason: 'Expired' });
  }
}
