/**
 * A kubeconfig's exec plugin: a program that prints credentials (client.authentication.k8s.io). One that hangs, and would keep
 * this process from ending, is given up and killed. What it prints on stderr is never read, and what it prints on stdout gets into no message.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as z from 'zod';
import type { Clock } from '../../../base/clock.ts';
import type { ExecSpec } from '../kubeconfig/schema.ts';
import { findProgram } from './find-program.ts';
import { type Held, Renewed } from './renewed.ts';

export interface PluginCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The plugin gave nothing. The message completes "No credentials: …" and says what to do. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}

export interface PluginContext {
  readonly clock: Clock;
  /** What the plugin inherits; its PATH says where a bare command is. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it is given with `provideClusterInfo`, in the form of ExecCredential's `spec.cluster`. */
  readonly cluster: () => Promise<object>;
}

/** Slow ones take some ten seconds; no person is there to answer a question. */
export const maxPluginMs = 30_000;
const maxCharacters = 1_048_576;
const maxHint = 500;

const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const responseSchema = z.object({
  kind: z.literal('ExecCredential').nullish(),
  apiVersion: text,
  status: z.object({ token: text, clientCertificateData: text, clientKeyData: text, expirationTimestamp: text }),
});

/** One plugin, and what it gave last for as long as that holds. */
export class ExecPlugin {
  readonly #spec: ExecSpec;
  readonly #context: PluginContext;
  readonly #given: Renewed<PluginCredential>;

  constructor(spec: ExecSpec, context: PluginContext) {
    this.#spec = spec;
    this.#context = context;
    this.#given = new Renewed((signal) => this.#ask(signal), context.clock);
  }

  /** For one caller at a time. @throws PluginError; the signal's reason when `signal` ends it */
  credential(signal: AbortSignal): Promise<PluginCredential> {
    return this.#given.get(signal);
  }

  async #ask(signal: AbortSignal): Promise<Held<PluginCredential>> {
    const { status } = this.#read(await this.#run(signal));
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    if (token === undefined && cert === undefined && key === undefined)
      throw this.#failed('gave neither a token nor a certificate');
    if ((cert === undefined) !== (key === undefined)) throw this.#failed('gave only one of certificate and key');
    const ends = Date.parse(expirationTimestamp ?? '');
    return { value: { token, cert, key }, until: Number.isNaN(ends) ? Number.POSITIVE_INFINITY : ends };
  }

  #read(printed: string): z.output<typeof responseSchema> {
    const { apiVersion } = this.#spec;
    let response: z.output<typeof responseSchema>;
    try {
      response = responseSchema.parse(JSON.parse(printed));
    } catch {
      throw this.#failed('printed no ExecCredential');
    }
    if (response.apiVersion !== undefined && response.apiVersion !== apiVersion)
      throw this.#failed(`printed an ExecCredential of another version than ${apiVersion}`);
    return response;
  }

  /** What it printed. */
  async #run(signal: AbortSignal): Promise<string> {
    const { args, env: own, apiVersion, provideClusterInfo } = this.#spec;
    const { clock, env, cluster } = this.#context;
    const command = await this.#program();
    const spec = { interactive: false, ...(provideClusterInfo ? { cluster: await cluster() } : {}) };
    signal.throwIfAborted();
    const child = spawn(command, args, {
      env: {
        ...env,
        ...Object.fromEntries(own.map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec }),
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
      const timer = clock.after(maxPluginMs, () =>
        giveUp(this.#failed(`did not respond within ${maxPluginMs / 1_000} s and was ended`)),
      );
      signal.addEventListener('abort', onAbort, { once: true });
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        printed += more;
        if (printed.length > maxCharacters) giveUp(this.#failed('printed more than an ExecCredential can be'));
      });
      child.once('error', (error) => settle(() => reject(this.#notStarted(error))));
      child.once('close', (code, killedBy) =>
        settle(() =>
          code === 0
            ? resolve(printed)
            : reject(this.#failed(`ended with ${code === null ? killedBy : `exit code ${code}`}`)),
        ),
      );
    });
  }

  async #program(): Promise<string> {
    const program = await findProgram(this.#spec.command, this.#context.env['PATH']);
    switch (program.kind) {
      case 'found':
        return program.path;
      case 'missing':
        throw new PluginError(
          `its exec plugin ${this.#spec.command} ${program.why}. Install it, or use another kubeconfig.${this.#hint()}`,
        );
    }
  }

  #failed(why: string): PluginError {
    return new PluginError(
      `its exec plugin ${this.#spec.command} ${why}. Run the plugin by hand (or any kubectl command) to see what it says.`,
    );
  }

  #notStarted(error: Error): PluginError {
    const code = 'code' in error ? String(error.code) : 'for an unknown reason';
    // The file is there: it is what its first line names that is not.
    const why = code === 'ENOENT' ? 'its interpreter is missing' : code;
    return new PluginError(
      `its exec plugin ${this.#spec.command} cannot be started (${why}). Correct it, or use another kubeconfig.`,
    );
  }

  /** On one line, and without what could colour a terminal. */
  #hint(): string {
    const hint = this.#spec.installHint.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '').trim();
    return hint === '' ? '' : ` The kubeconfig says: ${hint.slice(0, maxHint)}`;
  }
}

/** Its own children may hold the pipe open: it is released as well. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL');
  child.stdout?.destroy();
  child.unref();
}
