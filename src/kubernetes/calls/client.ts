/**
 * What the rest of the operator asks of an API server. JSON in, JSON out, nothing typed or mapped on the way:
 * whoever reads an answer parses the part it needs. One implementation talks HTTP (`http-client.ts`); tests bring their own.
 */
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
  /** Milliseconds until the whole call is given up. Defaults to 30,000. */
  readonly timeoutMs?: number;
  /** The answer is of no interest once it is known to be good: it is not parsed, and the call resolves to undefined. */
  readonly discardAnswer?: boolean;
}

export interface WatchCall {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Milliseconds without one byte until the stream counts as dead. */
  readonly idleTimeoutMs: number;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

export interface KubernetesClient {
  /**
   * One call, answered with the parsed JSON body.
   * @throws KubernetesError for every failure, the aborted signal's reason when `signal` ends it.
   */
  request(call: KubernetesCall, signal: AbortSignal): Promise<unknown>;
  /**
   * A watch as it comes: `onEvent` is called for each event, in order, until the server ends it, or it breaks or falls silent.
   * @throws KubernetesError, the aborted signal's reason when `signal` ends it, or what `onEvent` throws, which ends it too.
   */
  watch(call: WatchCall, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
}
