/**
 * One watch, straight on undici's dispatcher: fresh credentials, and one repetition after a 401. No stream and no iteration lies between the bytes and the listener,
 * since each object of a fleet comes by here two or three times; they must be quick.
 */

import { before } from '../../base/deadline.ts';
import type { HttpResponse } from '../../base/http/http.ts';
import { noResponse } from '../calls/network-failure.ts';
import { failureOf } from '../calls/response.ts';
import type { Credentials } from '../connection/connection.ts';
import { notOpened, type Opening, opensWithinMs, WatchHandler, type WatchRequest } from './handler.ts';

/** Resolves when the server ends the watch. Rejects with KubernetesError, the signal's reason, or what the listener throws. */
export async function watchStream(request: WatchRequest): Promise<void> {
  const { call, connection, clock, metrics, signal } = request;
  signal.throwIfAborted();
  const what = `WATCH ${call.path}`;
  const opensUntil = clock.now() + opensWithinMs;
  const fresh = async (): Promise<Credentials> => {
    try {
      return await before(connection.credentials(), opensUntil - clock.now(), notOpened, clock, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw noResponse(error, what, connection.server);
    }
  };
  let credentials = connection.current() ?? (await fresh());
  for (let repeated = false; ; repeated = true) {
    signal.throwIfAborted();
    const started = clock.now();
    const count = (code: string) => metrics.requested('GET', code, (clock.now() - started) / 1_000);
    const refusal = await open(request, what, credentials, { untilMs: opensUntil, count });
    if (refusal === undefined) return;
    if (refusal.status === 401) {
      connection.refused(credentials);
      const next = repeated ? credentials : await fresh();
      if (next !== credentials) {
        credentials = next;
        continue;
      }
    }
    throw failureOf(refusal, what, clock.wall());
  }
}

/** Resolves with the response where the watch is refused, and with nothing once an accepted one has ended. */
function open(
  request: WatchRequest,
  what: string,
  credentials: Credentials,
  opening: Opening,
): Promise<HttpResponse | undefined> {
  return new Promise((resolve, reject) => {
    const { origin, prefix, lanes } = credentials;
    const call = { origin, path: prefix + request.path, method: 'GET', headers: request.headers(credentials) } as const;
    lanes.watches.dispatch(call, new WatchHandler(request, what, { ...opening, resolve, reject }));
  });
}
