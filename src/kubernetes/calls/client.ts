/**
 * What the rest of the operator asks of an API server. JSON in, JSON out, nothing typed or mapped on the way:
 * who reads a response parses the part it needs. One implementation talks HTTP (`http-client.ts`); tests bring their own.
 */
import type { LaneName } from '../connection/lanes.ts';
import type { WatchEvent } from '../watch/protocol.ts';

export interface KubernetesCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Defaults to `application/json`; a PATCH says which kind of patch it is. */
  readonly contentType?:
    | 'application/json'
    | 'application/merge-patch+json'
    | 'application/json-patch+json'
    | 'application/apply-patch+yaml';
  /** Which connections it takes; `bulk` where it is absent. */
  readonly lane?: LaneName;
  /** Milliseconds until the whole call is given up. Defaults to 30,000. */
  readonly timeoutMs?: number;
  /** The response is of no interest once it is known to be good: it is not parsed, and the call resolves to undefined. */
  readonly discardResponse?: boolean;
  /** Asked as the bytes leave, after all waiting for credentials and a connection: where it throws HeldBack, nothing is sent, and the call throws that. */
  readonly beforeSend?: () => void;
}

export interface WatchCall {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Milliseconds without one byte until the stream counts as dead. */
  readonly idleTimeoutMs: number;
}

export interface WatchListener {
  /** Called once, before any event: the server accepted the watch. Until then it is only being tried. */
  onAccepted(): void;
  /** Called for each event, in order. What it throws ends the watch. */
  onEvent(event: WatchEvent): void;
}

/** A call that changes nothing. */
export interface ReadCall extends Omit<KubernetesCall, 'method' | 'body' | 'contentType' | 'discardResponse'> {
  readonly method: 'GET';
}

/** The client of those who only read: what is given one cannot write. */
export interface KubernetesReader {
  /** As `KubernetesClient`'s. */
  request(call: ReadCall, signal: AbortSignal): Promise<unknown>;
  /** As `KubernetesClient`'s. */
  watch(call: WatchCall, listener: WatchListener, signal: AbortSignal): Promise<void>;
}

export interface KubernetesClient extends KubernetesReader {
  /**
   * One call; resolves to the parsed JSON body.
   * @throws KubernetesError for every failure, the aborted signal's reason when `signal` ends it.
   */
  request(call: KubernetesCall, signal: AbortSignal): Promise<unknown>;
  /**
   * A watch as it comes, until the server ends it, or it breaks or falls silent.
   * @throws KubernetesError, the aborted signal's reason when `signal` ends it, or what the listener throws.
   */
  watch(call: WatchCall, listener: WatchListener, signal: AbortSignal): Promise<void>;
}
