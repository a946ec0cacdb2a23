/** One watch from its opening to its end, with a timer beside it: a stream on which nothing is heard for too long is given up. */
import type { Clock, Timer } from '../../base/clock.ts';
import type { KubernetesClient, WatchCall, WatchEvent } from '../../kubernetes/calls/client.ts';
import { errorOfEvent, silent } from './failure.ts';

export interface WatchStreamOptions {
  readonly client: KubernetesClient;
  readonly call: WatchCall;
  readonly clock: Clock;
  /** How long it may be silent, asked anew each time, since it may become clear on the way. */
  readonly silenceMs: () => number;
  /** Called for each event but ERROR. What it throws ends the stream. */
  readonly onEvent: (event: WatchEvent) => void;
}

/**
 * Resolves when the server ends the stream.
 * @throws KubernetesError when it breaks, falls silent or brings an ERROR event; the signal's reason.
 */
export async function followWatch(options: WatchStreamOptions, signal: AbortSignal): Promise<void> {
  const { client, call, clock, silenceMs, onEvent } = options;
  signal.throwIfAborted();
  const stream = new AbortController();
  let heardAt = clock.now();

  function take(event: WatchEvent): void {
    // A client that does not notice that it was aborted must not be heard any more.
    if (stream.signal.aborted) return;
    heardAt = clock.now();
    if (event.type === 'ERROR') throw errorOfEvent(event.object);
    onEvent(event);
  }

  let dueAt = 0;
  let timer: Timer | undefined;
  function checkAfter(ms: number): void {
    dueAt = clock.now() + ms;
    timer = clock.after(ms, check);
  }
  function check(): void {
    const limit = silenceMs();
    const now = clock.now();
    const left = heardAt + limit - now;
    if (left > 0) checkAfter(Math.min(left, checkEveryMs));
    // The process was held up, and what came meanwhile could not be read yet.
    else if (now - dueAt > stallMs) checkAfter(stallMs);
    else stream.abort(silent(limit));
  }

  const abort = () => stream.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  checkAfter(checkEveryMs);
  try {
    // Not left to the client alone: a stream that does not notice that it was aborted must not hold up anything here.
    await Promise.race([client.watch(call, take, stream.signal), whenAborted(stream.signal)]);
    // A client may end a stream that was aborted as if it had ended in order.
    stream.signal.throwIfAborted();
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', abort);
    if (!stream.signal.aborted) stream.abort(new Error('the stream is over'));
  }
}

/** `silenceMs` may become shorter while the timer runs; it is seen this much later at most. */
const checkEveryMs = 15_000;
/** A timer that fires this late says more about this process than about the server. */
const stallMs = 1_000;

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
