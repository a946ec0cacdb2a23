/**
 * The operator as a process of its own, started just as in production: node with the image's flags, `dist/main.js run`, settings by flags, credentials by environment.
 * Demo, tests and bench start it here. It ends with this process, unless that is killed outright.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as z from 'zod';
import { v8Flags } from '../../src/process/v8-flags.ts';
import { freePort } from '../port.ts';

export const bundle = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface OperatorProcessOptions {
  readonly kubeconfig: string;
  /** Another version's bundle than the one that was built here. */
  readonly bundle?: string;
  /** The operator's own credentials; absent: it has none. */
  readonly acronis?: { readonly url: string; readonly clientId: string; readonly clientSecret: string };
  /** Added to the flags that every start here has. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node itself, after the image's: the last one of a name counts. */
  readonly nodeFlags?: readonly string[];
}

export interface OperatorEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

export interface OperatorProcess {
  readonly pid: number;
  /** Where /livez and /readyz are. */
  readonly probes: string;
  readonly metrics: string;
  /** What it printed and was read so far, a line each: it may lag behind what the operator has done. Complete once it has ended. */
  readonly lines: readonly string[];
  readonly ended: Promise<OperatorEnd>;
  /** Resolves when /readyz is ok. @throws Error with its last words where it ends before. */
  ready(signal: AbortSignal): Promise<void>;
  /** Sends a signal and resolves when it has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<OperatorEnd>;
}

/** The parts of a log line that others read. */
const lineSchema = z.looseObject({ level: z.string(), msg: z.string() });
export type LogLine = z.output<typeof lineSchema>;

/** The log's lines that are JSON, parsed. */
export const logLines = (operator: OperatorProcess): LogLine[] =>
  operator.lines.flatMap((line) => {
    try {
      const parsed = lineSchema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });

export async function startOperator(options: OperatorProcessOptions): Promise<OperatorProcess> {
  const program = options.bundle ?? bundle;
  await readFile(program).catch(() => {
    throw new Error(`${program} is not there: run \`npm run build\` first.`);
  });
  const [probePort, metricsPort] = [await freePort(), await freePort()];
  const { acronis } = options;
  const insecure = acronis?.url.startsWith('http:') ? ['--allow-insecure-acronis'] : [];
  const flags = [
    `--kubeconfig=${options.kubeconfig}`,
    `--health-probe-bind-address=127.0.0.1:${probePort}`,
    `--metrics-bind-address=127.0.0.1:${metricsPort}`,
    ...insecure,
    ...(options.flags ?? []),
  ];
  const child = execa(process.execPath, [...v8Flags, ...(options.nodeFlags ?? []), program, 'run', ...flags], {
    env: {
      ...(acronis === undefined
        ? {}
        : {
            ACRONIS_URL: acronis.url,
            ACRONIS_CLIENT_ID: acronis.clientId,
            ACRONIS_CLIENT_SECRET: acronis.clientSecret,
          }),
      ...options.env,
    },
    stdin: 'ignore',
    all: true,
    buffer: false,
    reject: false,
    // Longer than its own --shutdown-grace: execa's 5 s would cut off a process that ends as it should.
    forceKillAfterDelay: 35_000,
  });
  const lines: string[] = [];
  const read = (async () => {
    for await (const line of child.iterable({ from: 'all' })) lines.push(line);
  })().catch(() => {});
  const ended = (async (): Promise<OperatorEnd> => {
    const { exitCode, signal } = await child;
    await read;
    return { exitCode, signal };
  })();
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const probes = `http://127.0.0.1:${probePort}`;
  return {
    pid: child.pid ?? -1,
    probes,
    metrics: `http://127.0.0.1:${metricsPort}/metrics`,
    lines,
    ended,
    async ready(signal) {
      for (;;) {
        signal.throwIfAborted();
        if (over)
          throw new Error(`The operator ended before it was ready. Its last words:\n${lines.slice(-5).join('\n')}`);
        const response = await fetch(`${probes}/readyz`, { signal }).catch(() => undefined);
        await response?.body?.cancel();
        if (response?.status === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return await ended;
    },
  };
}
