/** All pods of the release from their first to their last word: watched and their logs followed, so that one that is gone has still said how it ended. */
import { execa } from 'execa';
import * as z from 'zod';
import type { Cluster } from './cluster.ts';

const endSchema = z.object({ exitCode: z.number(), reason: z.string().optional() });
const stateSchema = z.object({ running: z.looseObject({}).optional(), terminated: endSchema.optional() });
const podSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    containerStatuses: z
      .array(
        z.object({
          restartCount: z.number(),
          containerID: z.string().optional(),
          state: stateSchema,
          lastState: stateSchema,
        }),
      )
      .default([]),
  }),
});
const changeSchema = z.object({ type: z.string(), object: z.unknown() });

export interface Pod {
  readonly name: string;
  readonly node: string;
  readonly ready: boolean;
  /** It is terminating, or has ended. */
  readonly leaving: boolean;
  readonly gone: boolean;
  readonly restarts: number;
  /** Of each container that ended in it. */
  readonly exits: readonly number[];
  readonly lines: readonly string[];
}

interface Life {
  pod: Omit<Pod, 'lines' | 'exits'>;
  readonly exits: Map<string, number>;
  readonly lines: string[];
  readonly followed: Set<string>;
}

export class PodWatch implements AsyncDisposable {
  readonly #cluster: Cluster;
  /** Ends a program that is being read. */
  readonly #ends = new Set<() => Promise<unknown>>();
  readonly #lives = new Map<string, Life>();
  #closed = false;
  #broken: unknown;

  /** @param selector which pods, by labels. */
  constructor(cluster: Cluster, namespace: string, selector: string) {
    this.#cluster = cluster;
    const path = `/api/v1/namespaces/${namespace}/pods?watch=true&labelSelector=${encodeURIComponent(selector)}`;
    this.#watch(path, namespace).catch((error: unknown) => {
      this.#broken = error;
    });
  }

  /** Every pod there ever was, the oldest first. @throws where the watch itself has ended. */
  all(): Pod[] {
    if (this.#broken !== undefined) throw this.#broken;
    return [...this.#lives.values()].map(({ pod, exits, lines }) => ({ ...pod, exits: [...exits.values()], lines }));
  }

  /** Those that are there to stay. */
  staying(): Pod[] {
    return this.all().filter(({ leaving, gone }) => !leaving && !gone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#ends].map((end) => end()));
  }

  async #watch(path: string, namespace: string): Promise<void> {
    // A server ends a watch after a while; the next one begins with all pods that are there.
    while (!this.#closed) {
      for await (const line of this.#lines(['get', '--raw', path])) this.#changed(line, namespace);
    }
  }

  #changed(line: string, namespace: string): void {
    const { type, object } = changeSchema.parse(JSON.parse(line));
    if (type === 'BOOKMARK' || type === 'ERROR') return;
    const { metadata, spec, status } = podSchema.parse(object);
    const [container] = status.containerStatuses;
    const life = this.#lives.get(metadata.uid);
    const pod = {
      name: metadata.name,
      node: spec.nodeName ?? '',
      ready: status.conditions.some((each) => each.type === 'Ready' && each.status === 'True'),
      leaving: metadata.deletionTimestamp !== undefined,
      gone: type === 'DELETED',
      restarts: container?.restartCount ?? 0,
    };
    const now: Life = life ?? { pod, exits: new Map(), lines: [], followed: new Set() };
    now.pod = pod;
    this.#lives.set(metadata.uid, now);
    if (container === undefined) return;
    const id = container.containerID ?? '';
    if (container.lastState.terminated !== undefined)
      now.exits.set(`before restart ${container.restartCount}`, container.lastState.terminated.exitCode);
    if (container.state.terminated !== undefined) now.exits.set(id, container.state.terminated.exitCode);
    if (container.state.running === undefined || id === '' || now.followed.has(id)) return;
    now.followed.add(id);
    void this.#follow(namespace, metadata.name, now.lines);
  }

  async #follow(namespace: string, name: string, lines: string[]): Promise<void> {
    for await (const line of this.#lines(['-n', namespace, 'logs', '-f', name, '-c', 'operator'])) lines.push(line);
  }

  /** What kubectl prints on stdout, a line at a time, until it ends by itself. */
  async *#lines(args: readonly string[]): AsyncGenerator<string> {
    const { path, env } = this.#cluster.kubectlProgram;
    const child = execa(path, args, { env, stdin: 'ignore', stderr: 'ignore', buffer: false, reject: false });
    const end = () => {
      child.kill('SIGKILL');
      return child;
    };
    this.#ends.add(end);
    try {
      yield* child.iterable();
    } finally {
      this.#ends.delete(end);
    }
  }
}
