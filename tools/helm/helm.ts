/** The real helm, as a function. A refusal is a result here, not an exception: most callers want to read it. */
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

export interface HelmResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 when all went well; -1 when helm itself was killed. */
  readonly exitCode: number;
}

export interface HelmOptions {
  /** The helm program. */
  readonly helm: string;
  /** Absent: no cluster, as for `template` and `lint`. */
  readonly kubeconfig?: string;
  /** What `-f -` reads. */
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

/** @throws where helm could not be started, and the signal's reason when it was aborted. */
export async function helm(options: HelmOptions, args: readonly string[]): Promise<HelmResult> {
  const { kubeconfig, stdin, signal } = options;
  const home = join(kubeconfig === undefined ? tmpdir() : dirname(kubeconfig), 'upsell-helm-home');
  const result = await execa(options.helm, args, {
    ...(stdin === undefined ? { stdin: 'ignore' } : { input: stdin }),
    // Nothing of the person's own helm takes part: neither their clusters nor their plugins, repositories and caches.
    env: {
      KUBECONFIG: kubeconfig ?? '/dev/null',
      HELM_CONFIG_HOME: home,
      HELM_CACHE_HOME: home,
      HELM_DATA_HOME: home,
      HELM_NAMESPACE: '',
      // A chart that is pushed bears its archive's time, wherever that is done.
      TZ: 'UTC',
    },
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    throw new Error(`helm could not be started from ${options.helm}`, { cause: result });
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? -1 };
}

/** The same for a command that must go well: returns what it printed. @throws Error with helm's message */
export async function helmOk(options: HelmOptions, args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await helm(options, args);
  if (exitCode === 0) return stdout;
  throw new Error(`helm ${args.join(' ')} ended with ${exitCode}: ${stderr || stdout}`);
}
