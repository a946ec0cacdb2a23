/**
 * Where the API server and the credentials come from: `--kubeconfig`, else the pod's own service account, else KUBECONFIG, else
 * ~/.kube/config. (client-node's own order lets a file left in an image win over the pod; in a pod that is never meant.)
 * Everything wrong with the files becomes one sentence here. Contents of the files never get into a message.
 */
import { readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import * as z from 'zod';
import { access, type ClusterAccess, KubeconfigError } from './cluster-access.ts';

export interface KubeconfigOptions {
  /** The value of `--kubeconfig`. */
  readonly kubeconfig?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the pod's token, CA and namespace are mounted. */
  readonly serviceAccountDir?: string | undefined;
}

/** A place to read the configuration from, again whenever it changed. */
export interface KubeconfigSource {
  /** For the log and for messages: `in-cluster service account`, `kubeconfig ./x (--kubeconfig)`. */
  readonly describe: string;
  /** What to do when that API server does not answer. */
  readonly remedy: string;
  /** @throws KubeconfigError */
  load(): ClusterAccess;
  /** Differs from the last answer when the files were changed. */
  fingerprint(): string;
}

const POD_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws KubeconfigError when there is nothing to read. */
export function findKubeconfig(options: KubeconfigOptions): KubeconfigSource {
  const { env } = options;
  if (options.kubeconfig !== undefined) return files([options.kubeconfig], '--kubeconfig');
  if (env['KUBERNETES_SERVICE_HOST']) return pod(env, options.serviceAccountDir ?? POD_DIRECTORY);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return files(listed, 'KUBECONFIG');
  const home = env['HOME'] ?? env['USERPROFILE'];
  if (home !== undefined && exists(join(home, '.kube', 'config'))) {
    return files([join(home, '.kube', 'config')], 'the default');
  }
  throw new KubeconfigError(
    'No Kubernetes API server is configured: pass --kubeconfig FILE or set KUBECONFIG. (This is no pod: KUBERNETES_SERVICE_HOST is not set, and there is no ~/.kube/config.)',
  );
}

function files(paths: readonly string[], from: string): KubeconfigSource {
  const describe = `kubeconfig ${paths.join(delimiter)} (${from})`;
  return {
    describe,
    remedy: 'Start it, or name a kubeconfig of a running cluster with --kubeconfig.',
    load: () => access(merge(paths, from), describe),
    fingerprint: () => paths.map(stamp).join('|'),
  };
}

function pod(env: KubeconfigOptions['env'], directory: string): KubeconfigSource {
  const describe = 'in-cluster service account';
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
      const kubeConfig = new KubeConfig();
      kubeConfig.loadFromClusterAndUser({ name: 'pod', server, caFile, skipTLSVerify: false }, { name: 'pod' });
      const namespaceFile = join(directory, 'namespace');
      const namespace = exists(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '';
      return { ...access(kubeConfig, describe), tokenFile, namespace: namespace === '' ? undefined : namespace };
    },
    fingerprint: () => '',
  };
}

/** As kubectl: of several files the first to name a thing wins, and files that are not there are skipped. */
function merge(paths: readonly string[], from: string): KubeConfig {
  const present = paths.length > 1 ? paths.filter(exists) : paths;
  const merged = new KubeConfig();
  for (const path of present) {
    const next = parse(path, from);
    const added = <T extends { readonly name: string }>(have: readonly T[], more: readonly T[]): T[] => [
      ...have,
      ...more.filter((item) => !have.some((one) => one.name === item.name)),
    ];
    merged.clusters = added(merged.clusters, next.clusters);
    merged.users = added(merged.users, next.users);
    merged.contexts = added(merged.contexts, next.contexts);
    merged.currentContext ||= next.currentContext;
  }
  if (present.length === 0) {
    throw new KubeconfigError(
      `None of the files named by ${from} exists: ${paths.join(', ')}. Create one, or correct ${from}.`,
    );
  }
  return merged;
}

const yamlError = z.object({ name: z.literal('YAMLException'), mark: z.object({ line: z.number() }) });

function parse(path: string, from: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  const text = read(path, from);
  try {
    kubeConfig.loadFromString(text);
  } catch (error) {
    const yaml = yamlError.safeParse(error);
    // Messages of the YAML parser quote the file, and with it perhaps a token; its line number does not.
    const why = yaml.success
      ? `it is not valid YAML (line ${yaml.data.mark.line + 1})`
      : error instanceof Error && / is missing$/.test(error.message)
        ? error.message
        : 'it has not the form of a kubeconfig';
    throw new KubeconfigError(
      `The kubeconfig ${path} (${from}) cannot be used: ${why}. Correct it, or name another with --kubeconfig.`,
    );
  }
  kubeConfig.makePathsAbsolute(dirname(resolve(path)));
  // client-node reads no `tokenFile` under `users[].user`: it would go on as nobody, and every call would be refused.
  if (/^\s+tokenFile:/m.test(text) && kubeConfig.users.some(isBare)) {
    throw new KubeconfigError(
      `The kubeconfig ${path} (${from}) cannot be used: it names a tokenFile, which is not supported. Write the token itself (token:), or use an exec plugin.`,
    );
  }
  return kubeConfig;
}

function isBare(user: User): boolean {
  return !(user.token || user.exec || user.authProvider || user.certData || user.certFile || user.username);
}

function read(path: string, from: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory'
          : code === 'EACCES'
            ? 'this user may not read it'
            : `it cannot be read (${String(code)})`;
    throw new KubeconfigError(
      `The kubeconfig ${path} (${from}) cannot be used: ${why}. Correct the path, or leave it out to use the pod's service account, KUBECONFIG or ~/.kube/config.`,
    );
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function stamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.mtimeMs}/${stat.size}/${stat.ino}`;
}
