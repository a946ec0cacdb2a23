/** One watch from its opening to its end, with a timer beside it: a stream on which nothing comes for too long is given up. */
import type { Clock, Timer } from '../../../base/clock.ts';
import type { KubernetesReader, WatchCall } from '../../../kubernetes/calls/client.ts';
import type { WatchEvent } from '../../../kubernetes/watch/protocol.ts';
import { silent } from '../recovery/failure.ts';
import type { VersionSince } from './confirm-version.ts';

export type DataEvent = Exclude<WatchEvent, { kind: 'error' }>;

export interface WatchStreamOptions {
  readonly client: KubernetesReader;
  readonly call: WatchCall;
  readonly clock: Clock;
  /** How long it may be silent just now; asked again each time, since it may become longer on the way. */
  readonly silenceMs: () => number;
  /** Asked once a stream was silent for that long: whether the server's version moved meanwhile, so that there was something to say. It never rejects. */
  readonly versionSince: (stream: AbortSignal) => Promise<VersionSince>;
  /** Called when a stream is given up that was silent while the version moved. */
  readonly onMissed: () => void;
  /** The server accepted the watch. `stream` is aborted when it is over; `giveUp` ends it with an error. */
  readonly onAccepted: (stream: AbortSignal, giveUp: (error: Error) => void) => void;
  /** Called for each event. What it throws ends the stream. */
  readonly onEvent: (event: DataEvent) => void;
}

/** A timer that fires this late says more about this process than about the server. */
const stallMs = 1_000;
/** What the server has just come to say may be on its way. */
const graceMs = 1_000;

/**
 * Resolves when the server ends the stream.
 * @throws KubernetesError when it breaks, falls silent or brings an error event; what ended it; the signal's reason.
 */
export async function followWatch(options: WatchStreamOptions, signal: AbortSignal): Promise<void> {
  const { client, call, clock, silenceMs } = options;
  signal.throwIfAborted();
  const stream = new AbortController();
  let lastActivity = clock.now();
  const listener = {
    onAccepted() {
      if (stream.signal.aborted) return;
      lastActivity = clock.now();
      options.onAccepted(stream.signal, (error) => stream.abort(error));
    },
    onEvent(event: WatchEvent) {
      // A client that does not notice that it was aborted has no effect any more.
      if (stream.signal.aborted) return;
      lastActivity = clock.now();
      if (event.kind === 'error') throw event.error;
      options.onEvent(event);
    },
  };

  let timer: Timer | undefined;
  function checkAfter(ms: number): void {
    const dueAt = clock.now() + ms;
    timer = clock.after(ms, () => {
      const limit = silenceMs();
      const now = clock.now();
      const left = lastActivity + limit - now;
      if (left > 0) checkAfter(left);
      // The process was held up, and what came meanwhile could not be read yet.
      else if (now - dueAt > stallMs) checkAfter(stallMs);
      else void judgeSilence(limit);
    });
  }
  async function judgeSilence(limit: number): Promise<void> {
    // The server was asked to end it by then, whatever there was to say.
    const isOver = clock.now() - lastActivity >= call.idleTimeoutMs;
    const before = lastActivity;
    const version = isOver ? 'unknown' : await options.versionSince(stream.signal);
    if (version !== 'same' && !isOver) await clock.sleep(graceMs, stream.signal).catch(() => {});
    if (stream.signal.aborted) return;
    if (lastActivity !== before) checkAfter(Math.max(0, lastActivity + silenceMs() - clock.now()));
    else if (version === 'same') checkAfter(Math.min(limit, lastActivity + call.idleTimeoutMs - clock.now()));
    else {
      if (version === 'moved') options.onMissed();
      stream.abort(silent(Math.round(clock.now() - lastActivity)));
    }
  }

  const abort = () => stream.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  checkAfter(silenceMs());
  try {
    // Not left to the client alone: a stream that does not notice that it was aborted must not hold up anything here.
    await Promise.race([client.watch(call, listener, stream.signal), whenAborted(stream.signal)]);
    // A client may end a stream that was aborted as if it had ended in order.
    stream.signal.throwIfAborted();
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', abort);
    if (!stream.signal.aborted) stream.abort(new Error('the stream is over'));
  }
}

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
