/** One Lease at an API server, in memory. Each process has its own way there, which can be slow, cut, or lose responses. */
import type { Clock } from '../../../../src/base/clock.ts';
import type { KubernetesCall, KubernetesClient } from '../../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { isRecord } from '../../../../src/runtime/reflector/list/object-meta.ts';

type Json = Readonly<Record<string, unknown>>;

/** The way of one process to the server, and back. */
export interface Way {
  /** Milliseconds to the server; the call is acted upon then, even when no caller waits for the response any more. */
  thereMs: number;
  backMs: number;
  /** Nothing arrives, or nothing comes back. */
  cut: 'no' | 'there' | 'back';
  /** What the server says to everything. */
  refuses: KubernetesError | undefined;
}

export class FakeLeaseServer {
  lease: Json | undefined;
  readonly calls: { readonly at: number; readonly by: string; readonly call: KubernetesCall }[] = [];
  namespaceExists = true;
  readonly #clock: Clock;
  #version = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get spec(): Json {
    const spec = this.lease?.['spec'];
    return isRecord(spec) ? spec : {};
  }

  /** Somebody else writes the spec. */
  write(spec: Json): void {
    this.#store({ ...this.lease, metadata: { name: 'lease', namespace: 'system', labels: { kept: 'yes' } }, spec });
  }

  way(by: string): Way & { readonly client: KubernetesClient } {
    const way: Way = { thereMs: 0, backMs: 0, cut: 'no', refuses: undefined };
    const client: KubernetesClient = {
      request: (call, signal) => this.#request(by, way, call, signal),
      watch: () => {
        throw new Error('no test watches leases');
      },
    };
    return Object.assign(way, { client });
  }

  async #request(by: string, way: Way, call: KubernetesCall, signal: AbortSignal): Promise<unknown> {
    this.calls.push({ at: this.#clock.now(), by, call });
    const over = new AbortController();
    const giveUp = new Promise<never>((_, reject) => {
      over.signal.addEventListener('abort', () => reject(over.signal.reason));
    });
    const abort = () => over.abort(signal.reason);
    signal.addEventListener('abort', abort);
    const limit = this.#clock.after(call.timeoutMs ?? 30_000, () =>
      over.abort(new KubernetesError('took too long', { reason: 'TimedOut' })),
    );
    try {
      signal.throwIfAborted();
      return await Promise.race([giveUp, this.#travel(way, call)]);
    } finally {
      limit.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  async #travel(way: Way, call: KubernetesCall): Promise<unknown> {
    const forever = new AbortController().signal;
    if (way.thereMs > 0) await this.#clock.sleep(way.thereMs, forever);
    if (way.cut === 'there') throw new KubernetesError('cut', { reason: 'ConnectionFailed' });
    if (way.refuses !== undefined) throw way.refuses;
    const response = this.#act(call);
    if (way.backMs > 0) await this.#clock.sleep(way.backMs, forever);
    if (way.cut === 'back') throw new KubernetesError('cut', { reason: 'ConnectionFailed' });
    return response;
  }

  #act(call: KubernetesCall): unknown {
    switch (call.method) {
      case 'GET':
        if (this.lease === undefined) throw new KubernetesError('not found', { status: 404, reason: 'NotFound' });
        return this.lease;
      case 'POST':
        if (!this.namespaceExists)
          throw new KubernetesError('namespaces "system" not found', { status: 404, reason: 'NotFound' });
        if (this.lease !== undefined) throw new KubernetesError('exists', { status: 409, reason: 'AlreadyExists' });
        return this.#store(call.body);
      case 'PUT': {
        if (this.lease === undefined) throw new KubernetesError('not found', { status: 404, reason: 'NotFound' });
        if (versionOf(call.body) !== versionOf(this.lease))
          throw new KubernetesError('stale', { status: 409, reason: 'Conflict' });
        return this.#store(call.body);
      }
      default:
        throw new KubernetesError('no', { status: 405 });
    }
  }

  #store(object: unknown): Json {
    this.#version += 1;
    const lease = isRecord(object) ? object : {};
    const metadata = isRecord(lease['metadata']) ? lease['metadata'] : {};
    this.lease = structuredClone({ ...lease, metadata: { ...metadata, resourceVersion: String(this.#version) } });
    return this.lease;
  }
}

const versionOf = (object: unknown): unknown =>
  isRecord(object) && isRecord(object['metadata']) ? object['metadata']['resourceVersion'] : undefined;
