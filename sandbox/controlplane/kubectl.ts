/** The real kubectl, as a function. A refusal is a result here, not an exception: most callers want to read it. */
import { dirname, join } from 'node:path';
import { execa } from 'execa';

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 when all went well; -1 when kubectl itself was killed. */
  readonly exitCode: number;
}

export interface KubectlOptions {
  /** What `-f -` reads. */
  readonly stdin?: string;
  /** Another identity than the administrator's. */
  readonly kubeconfig?: string;
  readonly signal?: AbortSignal;
}

/** @throws where kubectl could not be started, and the signal's reason when it was aborted. */
export async function kubectl(
  controlPlane: { readonly kubectl: string; readonly kubeconfig: string },
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<KubectlResult> {
  const home = dirname(controlPlane.kubeconfig);
  const result = await execa(controlPlane.kubectl, args, {
    ...(options.stdin === undefined ? { stdin: 'ignore' } : { input: options.stdin }),
    // Nothing of the person's own kubectl takes part: neither their clusters and aliases, nor their cache of what a server offers.
    env: {
      KUBECONFIG: options.kubeconfig ?? controlPlane.kubeconfig,
      KUBECACHEDIR: join(home, 'kubectl-cache'),
      KUBERC: 'off',
    },
    reject: false,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  options.signal?.throwIfAborted();
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    throw new Error(`kubectl could not be started from ${controlPlane.kubectl}`, { cause: result });
  }
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? -1 };
}

/** The same for a command that must go well: returns what it printed. @throws Error with kubectl's message */
export async function kubectlOk(...parameters: Parameters<typeof kubectl>): Promise<string> {
  const result = await kubectl(...parameters);
  if (result.exitCode === 0) return result.stdout;
  throw new Error(
    `kubectl ${parameters[1].join(' ')} ended with ${result.exitCode}: ${result.stderr || result.stdout}`,
  );
}

/** A token of a ServiceAccount that exists, as a pod would have it (TokenRequest): the real authorizer decides what it may do. */
export async function serviceAccountToken(
  controlPlane: { readonly kubectl: string; readonly kubeconfig: string },
  namespace: string,
  name: string,
  duration = '1h',
): Promise<string> {
  return (
    await kubectlOk(controlPlane, ['create', 'token', name, '--namespace', namespace, '--duration', duration])
  ).trim();
}
