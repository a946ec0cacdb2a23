/**
 * A kubeconfig's exec plugin: a program that prints credentials (client.authentication.k8s.io). client-node's own runner waits for ever for one that
 * hangs, and such a process keeps this one from ending; here it is given up and killed. What it prints on stderr is never read, and what it
 * prints on stdout is never told on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';

export interface PluginCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The plugin gave nothing. The message completes "No credentials: …" and says what to do. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

/** Slow ones take some ten seconds; nobody sits there to answer a question. */
export const PLUGIN_WITHIN_MS = 30_000;
const MOST_CHARACTERS = 1_048_576;

const pluginSchema = z.object({
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  apiVersion: z.string().nullish(),
});

const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const answerSchema = z.object({
  status: z.object({ token: text, clientCertificateData: text, clientKeyData: text, expirationTimestamp: text }),
});

const byHand = 'Run the plugin by hand (or any kubectl command) to see what it says.';
const gaveNone = () => new PluginError(`its exec plugin gave none. ${byHand}`);

/** One plugin, and what it said last for as long as that holds. */
export class ExecPlugin {
  readonly #exec: unknown;
  readonly #clock: Clock;
  #last: { readonly credential: PluginCredential; readonly until: number } | undefined;

  /** @param exec `users[].user.exec` of the kubeconfig, as it was written. */
  constructor(exec: unknown, clock: Clock) {
    this.#exec = exec;
    this.#clock = clock;
  }

  /** For one caller at a time. @throws PluginError; the signal's reason when `signal` ends it */
  async credential(signal: AbortSignal): Promise<PluginCredential> {
    if (this.#last !== undefined && this.#clock.wall() < this.#last.until) return this.#last.credential;
    const plugin = pluginSchema.safeParse(this.#exec).data;
    if (plugin === undefined)
      throw new PluginError('its exec plugin is not described as it should be. Correct command, args and env of it.');
    const { status } = read(await run(plugin, this.#clock, signal));
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    if (token === undefined && (cert === undefined || key === undefined)) throw gaveNone();
    const ends = Date.parse(expirationTimestamp ?? '');
    this.#last = { credential: { token, cert, key }, until: Number.isNaN(ends) ? Number.POSITIVE_INFINITY : ends };
    return this.#last.credential;
  }
}

function read(printed: string): z.output<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(printed));
  } catch {
    throw gaveNone();
  }
}

/** What it printed. */
function run(plugin: z.output<typeof pluginSchema>, clock: Clock, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { command, args, env, apiVersion } = plugin;
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const child = spawn(command, args ?? [], {
    env: {
      ...process.env,
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    const settle = (outcome: () => void) => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      outcome();
    };
    const giveUp = (error: unknown) =>
      settle(() => {
        end(child);
        reject(error);
      });
    const onAbort = () => giveUp(signal.reason);
    const timer = clock.after(PLUGIN_WITHIN_MS, () => giveUp(hung()));
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      printed += more;
      if (printed.length > MOST_CHARACTERS) giveUp(gaveNone());
    });
    child.once('error', (error) => settle(() => reject(notStarted(error))));
    child.once('close', (code) => settle(() => (code === 0 ? resolve(printed) : reject(gaveNone()))));
  });
}

/** Its own children may hold the pipe open: it is let go of as well. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL');
  child.stdout?.destroy();
  child.unref();
}

const hung = () =>
  new PluginError(`its exec plugin did not answer within ${PLUGIN_WITHIN_MS / 1_000} s and was ended. ${byHand}`);

function notStarted(error: Error): PluginError {
  const code = 'code' in error ? ` (${String(error.code)})` : '';
  return new PluginError(`its exec plugin cannot be started${code}. Install it, or use another kubeconfig.`);
}
