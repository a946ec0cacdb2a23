/**
 * A kubeconfig that was read, held against what this client can do: which cluster, which user, and what is missing, as one sentence.
 */
import { type Cluster, KubeConfig } from '@kubernetes/client-node';

/** The configuration cannot be used. The message is one sentence that says why, and one that says what to do. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

export interface ClusterAccess {
  /** Reduced to what gives TLS material and headers: its own transport is never used. */
  readonly kubeConfig: KubeConfig;
  readonly origin: string;
  /** The path in front of `/api`, '' almost always. */
  readonly prefix: string;
  readonly namespace: string | undefined;
  /** The token is read from here for each set of credentials, instead of by `kubeConfig`. */
  readonly tokenFile: string | undefined;
  readonly proxy: URL | undefined;
  /** The server's certificate is not checked, or there is no TLS at all. */
  readonly insecure: boolean;
}

/** @throws KubeconfigError */
export function access(from: KubeConfig, describe: string): ClusterAccess {
  const stop = (why: string, remedy: string): never => {
    throw new KubeconfigError(`The ${describe} cannot be used: ${why}. ${remedy}`);
  };
  const contexts = from.contexts.map((one) => one.name).join(', ') || 'none';
  if (!from.currentContext) {
    return stop('it has no current context', `Choose one with "kubectl config use-context NAME" (there: ${contexts}).`);
  }
  const context = from.contexts.find((one) => one.name === from.currentContext);
  if (context === undefined) {
    return stop(
      `its current context ${from.currentContext} does not exist`,
      `Choose one with "kubectl config use-context NAME" (there: ${contexts}).`,
    );
  }
  const cluster = from.clusters.find((one) => one.name === context.cluster);
  if (cluster === undefined) {
    return stop(`its context ${context.name} names a cluster ${context.cluster} that does not exist`, 'Correct it.');
  }
  const named = from.users.find((one) => one.name === context.user);
  if (context.user !== undefined && named === undefined) {
    return stop(`its context ${context.name} names a user ${context.user} that does not exist`, 'Correct it.');
  }
  const server = URL.parse(cluster.server);
  if (server === null || (server.protocol !== 'https:' && server.protocol !== 'http:')) {
    return stop(`the server of its cluster ${cluster.name} is no http or https URL`, 'Correct it.');
  }
  if (server.protocol === 'http:' && !cluster.skipTLSVerify) {
    return stop(
      `its server ${server.origin} is not https, so credentials would travel in the clear`,
      'Use https, or set insecure-skip-tls-verify: true in its cluster if that is meant (a sandbox).',
    );
  }
  const proxy = proxyOf(cluster, stop);

  const kubeConfig = new KubeConfig();
  const { proxyUrl: _, ...direct } = cluster;
  // Without a user client-node forgets the cluster's CA too; a user without credentials is the same, and is asked.
  kubeConfig.loadFromClusterAndUser(direct, named ?? { name: 'anonymous' });
  return {
    kubeConfig,
    origin: server.origin,
    prefix: server.pathname.replace(/\/+$/, ''),
    namespace: context.namespace,
    tokenFile: undefined,
    proxy,
    insecure: cluster.skipTLSVerify,
  };
}

function proxyOf(cluster: Cluster, stop: (why: string, remedy: string) => never): URL | undefined {
  if (cluster.proxyUrl === undefined) return undefined;
  const proxy = URL.parse(cluster.proxyUrl);
  if (proxy === null || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')) {
    return stop(
      `the proxy-url of its cluster ${cluster.name} is no http or https URL`,
      'Name an HTTP proxy; SOCKS proxies are not supported.',
    );
  }
  return proxy;
}
