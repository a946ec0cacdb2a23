/** A list in pages. Each page is reduced to what is kept of it before the next one is asked for; the whole response is never held. */
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import { isExpired } from '../../kubernetes/calls/errors.ts';
import { invalidResponse } from './failure.ts';
import { itemsOf, metaOf } from './object-meta.ts';

export interface PagedListOptions {
  readonly client: KubernetesClient;
  readonly path: string;
  /** Selectors; what makes the pages is added. */
  readonly query: Readonly<Record<string, string>>;
  /** Objects in a page; 0 = all in one. */
  readonly limit: number;
  readonly onItem: (item: unknown) => void;
}

export type PagedListEnd =
  | { readonly kind: 'complete'; readonly resourceVersion: string }
  /** The server threw away what the next page was to be read from: the pages take too long. */
  | { readonly kind: 'token expired' };

/** @throws KubernetesError, or the signal's reason. */
export async function listInPages(options: PagedListOptions, signal: AbortSignal): Promise<PagedListEnd> {
  const { client, path, limit } = options;
  const query = limit > 0 ? { ...options.query, limit: String(limit) } : options.query;
  let token: string | undefined;
  for (;;) {
    let page: unknown;
    try {
      page = await client.request(
        { method: 'GET', path, query: token === undefined ? query : { ...query, continue: token } },
        signal,
      );
    } catch (error) {
      if (token !== undefined && isExpired(error)) return { kind: 'token expired' };
      throw error;
    }
    const { resourceVersion, continueToken } = metaOf(page);
    const items = itemsOf(page);
    if (items === undefined) throw invalidResponse('the API server answered a list with something that is not a list');
    for (const item of items) options.onItem(item);
    if (continueToken === undefined) {
      if (resourceVersion === undefined) throw invalidResponse('the API server sent a list without a resource version');
      return { kind: 'complete', resourceVersion };
    }
    if (continueToken === token) throw invalidResponse('the API server sent the same page of a list twice');
    token = continueToken;
  }
}
