/** What is measured: a contender, started as a process of its own, as production would, and stopped as a kubelet would. */
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { freePort } from '../sandbox/port.ts';
import { v8Flags } from '../src/process/v8-flags.ts';
import type { Acronis } from './acronis.ts';
import type { ContenderName } from './sample.ts';

export interface Settings {
  /** How often ours asks the change feed. */
  readonly driftMs: number;
  /** How often ours verifies every object. */
  readonly resyncMs: number;
  /** How often Go reconciles every object, which is its only way to see drift. */
  readonly goResyncMs: number;
}

export interface Running {
  readonly pid: number;
  /** When it was started: `performance.now()`. */
  readonly startedAt: number;
  readonly metrics: string;
  /** @throws Error with its last words where it ended by itself. */
  assertAlive(): void;
  /** The promise's value, unless it ends by itself first: then as `assertAlive`. Nothing that it was to do will come any more. */
  whileAlive<T>(promise: Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: ContenderName;
  start(settings: Settings): Promise<Running>;
}

/** The servers it is to work with. */
interface Place {
  readonly kubeconfig: string;
  readonly acronis: Acronis;
}

/** A build of ours, kept apart from the one in dist/: that may be rebuilt while this runs. */
export interface Bundle extends AsyncDisposable {
  readonly file: string;
  /** Two results with the same one are of the same program. */
  readonly fingerprint: string;
}

/** @throws Error where it was not built. */
export async function keepBundle(file: string): Promise<Bundle> {
  const content = await readFile(file).catch(() => {
    throw new Error(`${file} is not there: run \`npm run build\` first.`);
  });
  const dir = await mkdtemp(join(tmpdir(), 'upsell-bench-'));
  const copy = join(dir, 'main.js');
  await copyFile(file, copy);
  await copyFile(`${file}.map`, `${copy}.map`).catch(() => undefined);
  await cp(join(dirname(file), 'chunks'), join(dir, 'chunks'), { recursive: true }).catch(() => undefined);
  return {
    file: copy,
    // What it imports is named by its content.
    fingerprint: createHash('sha256').update(content).digest('hex').slice(0, 12),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** @param nodeFlags options of node itself, after the image's. @param flags options of the operator; none of either in production. */
export const ours = (
  place: Place,
  bundle: string,
  nodeFlags: readonly string[],
  flags: readonly string[],
): Contender => ({
  name: 'ours',
  start: ({ driftMs, resyncMs }) =>
    start(process.execPath, place, (metrics, probes) => [
      ...v8Flags,
      ...nodeFlags,
      bundle,
      'run',
      '--allow-insecure-acronis',
      `--drift-interval=${seconds(driftMs)}`,
      `--resync-interval=${seconds(resyncMs)}`,
      `--metrics-bind-address=${metrics}`,
      `--health-probe-bind-address=${probes}`,
      ...flags,
    ]),
});

/** @param workers objects reconciled concurrently. */
export const goOperator = (place: Place, program: string, workers: number): Contender => ({
  name: 'go',
  start: ({ goResyncMs }) =>
    start(program, place, (metrics, probes) => [
      `-workers=${workers}`,
      `-resync=${seconds(goResyncMs)}`,
      `-metrics-bind-address=${metrics}`,
      `-health-probe-bind-address=${probes}`,
    ]),
});

/** The same requests as ours and nothing else. It knows new objects only. */
export const bareLoop = (place: Place): Contender => ({
  name: 'bare',
  start: () =>
    start(process.execPath, place, () => [...v8Flags, fileURLToPath(new URL('./peers/bare-loop.ts', import.meta.url))]),
});

const seconds = (ms: number): string => `${Math.max(1, Math.round(ms / 1000))}s`;

async function start(
  file: string,
  { kubeconfig, acronis }: Place,
  args: (metrics: string, probes: string) => readonly string[],
): Promise<Running> {
  const [metrics, probes] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const env = {
    KUBECONFIG: kubeconfig,
    ACRONIS_URL: acronis.url,
    ACRONIS_CLIENT_ID: acronis.clientId,
    ACRONIS_CLIENT_SECRET: acronis.clientSecret,
  };
  const startedAt = performance.now();
  const child = execa(file, args(metrics, probes), { env, stdin: 'ignore', all: true, buffer: false, reject: false });
  const lastWords: string[] = [];
  void (async () => {
    for await (const line of child.iterable({ from: 'all' })) {
      lastWords.push(line);
      if (lastWords.length > 5) lastWords.shift();
    }
  })().catch(() => {});
  let over = false;
  const ended = child.then(() => {
    over = true;
  });
  const endedByItself = () => new Error(`The operator ended by itself. Its last words:\n${lastWords.join('\n')}`);
  const died = ended.then((): never => {
    throw endedByItself();
  });
  died.catch(() => {});
  return {
    pid: child.pid ?? -1,
    startedAt,
    metrics: `http://${metrics}/metrics`,
    assertAlive() {
      if (over) throw endedByItself();
    },
    whileAlive: (promise) => Promise.race([promise, died]),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
