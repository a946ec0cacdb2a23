/**
 * Where the API server and the credentials come from, in the order of controller-runtime: `--kubeconfig`, else the files of KUBECONFIG, else the pod's service account,
 * else ~/.kube/config. A KUBECONFIG that names only missing or empty files counts as none in a pod, as for kubectl.
 */
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { accessOf, type ClusterAccess } from './cluster-access.ts';
import { KubeconfigError, readKubeconfig } from './file.ts';

export interface KubeconfigOptions {
  /** The value of `--kubeconfig`. */
  readonly kubeconfig?: string | undefined;
  /** A context of the kubeconfig in place of its current one; a pod's service account is none. */
  readonly context?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the pod's token, CA and namespace are mounted. */
  readonly serviceAccountDir?: string | undefined;
}

/** A place to read the configuration from, again whenever it changed. */
export interface KubeconfigSource {
  /** For the log and for messages: `in-cluster service account`, `kubeconfig ./x (--kubeconfig)`. */
  readonly describe: string;
  /** What to do when that API server does not respond. */
  readonly remedy: string;
  /** @throws KubeconfigError */
  load(): ClusterAccess;
  /** Differs from the last one when the files were changed. */
  fingerprint(): string;
}

const podDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws KubeconfigError when there is nothing to read. */
export function findKubeconfig(options: KubeconfigOptions): KubeconfigSource {
  const { env, context, serviceAccountDir = podDirectory } = options;
  if (options.kubeconfig !== undefined) return files([options.kubeconfig], '--kubeconfig', context);
  const inPod = context === undefined && Boolean(env['KUBERNETES_SERVICE_HOST']);
  const usablePod = inPod && exists(join(serviceAccountDir, 'token'));
  const listed = [...new Set((env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== ''))];
  if (listed.length > 0) {
    const hollow = listed.every((path) => stamp(path).size === 0);
    if (!hollow || !usablePod) return files(listed, 'KUBECONFIG', context);
    return pod(env, serviceAccountDir, 'in-cluster service account (the files of KUBECONFIG are missing or empty)');
  }
  if (usablePod) return pod(env, serviceAccountDir, 'in-cluster service account');
  const home = env['HOME'] ?? env['USERPROFILE'];
  if (home !== undefined && exists(join(home, '.kube', 'config'))) {
    return files([join(home, '.kube', 'config')], 'the default', context);
  }
  if (inPod) return pod(env, serviceAccountDir, 'in-cluster service account');
  if (context !== undefined)
    throw new KubeconfigError(
      `There is no kubeconfig that could have the context ${context}: pass --kubeconfig FILE or set KUBECONFIG.`,
    );
  throw new KubeconfigError(
    'No Kubernetes API server is configured: pass --kubeconfig FILE or set KUBECONFIG. (This is no pod: KUBERNETES_SERVICE_HOST is not set, and there is no ~/.kube/config.)',
  );
}

function files(paths: readonly string[], from: string, context: string | undefined): KubeconfigSource {
  const describe = `kubeconfig ${paths.join(delimiter)} (${from})`;
  return {
    describe,
    remedy: 'Start it, or name a kubeconfig of a running cluster with --kubeconfig.',
    load() {
      const config = readKubeconfig(paths, from);
      if (config !== undefined)
        return accessOf(context === undefined ? config : { ...config, currentContext: context }, describe);
      const [only] = paths;
      const why =
        paths.length > 1 || only === undefined
          ? `every file that ${from} names is missing or empty`
          : exists(only)
            ? 'it is empty'
            : 'there is no such file';
      throw new KubeconfigError(
        `The ${describe} cannot be used: ${why}. Correct the path, or leave it out to use KUBECONFIG, the pod's service account or ~/.kube/config.`,
      );
    },
    fingerprint: () => paths.map((path) => stamp(path).text).join('|'),
  };
}

function pod(env: KubeconfigOptions['env'], directory: string, describe: string): KubeconfigSource {
  const [caFile, tokenFile] = [join(directory, 'ca.crt'), join(directory, 'token')];
  return {
    describe,
    remedy: 'Look for a NetworkPolicy that keeps this pod from the API server.',
    load() {
      const missing = [caFile, tokenFile].find((path) => !exists(path));
      if (missing !== undefined) {
        throw new KubeconfigError(
          `This is a pod (KUBERNETES_SERVICE_HOST is set), but ${missing} cannot be read: set automountServiceAccountToken to true, or pass --kubeconfig FILE.`,
        );
      }
      const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
      const server = `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`;
      const namespaceFile = join(directory, 'namespace');
      const namespace = exists(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '';
      return {
        origin: new URL(server).origin,
        prefix: '',
        namespace: namespace || undefined,
        proxy: undefined,
        insecure: false,
        serverName: undefined,
        ca: { kind: 'file', path: caFile },
        certificate: undefined,
        identity: { kind: 'token', token: '', file: tokenFile },
        impersonate: undefined,
        disableCompression: false,
        pluginConfig: undefined,
      };
    },
    fingerprint: () => '',
  };
}

/** Also for what this process may not reach: that is said when it is read. */
function exists(path: string): boolean {
  return stamp(path).text !== '';
}

function stamp(path: string): { readonly text: string; readonly size: number } {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined
      ? { text: '', size: 0 }
      : { text: `${stat.mtimeMs}/${stat.size}/${stat.ino}`, size: stat.size };
  } catch {
    return { text: 'not to be reached', size: Number.NaN };
  }
}
