/** Traces as the code that is traced sees them; `src/observability/tracing` implements this, and only where traces are wanted. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  readonly name: string;
  /** `client`: a request to another server. */
  readonly kind: 'internal' | 'client';
  /** Nothing that is personal data: no login, e-mail, or name of a person or of an object. */
  readonly attributes?: Attributes;
}

export interface Tracer {
  /** Runs `run` as a span inside of the span that is active here, and returns or throws what it does. */
  span<T>(start: SpanStart, run: (add: (more: Attributes) => void) => Promise<T>): Promise<T>;
  /** Sends what is left. Never rejects. */
  end(signal: AbortSignal): Promise<void>;
}
