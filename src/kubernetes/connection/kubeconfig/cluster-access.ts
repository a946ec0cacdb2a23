/**
 * What the current context of a kubeconfig says: which server, who asks, and how both are proved. What kubectl refuses is refused here with a sentence, and what comes
 * first for kubectl (a token before a plugin, a token file before the token beside it) comes first here.
 */
import { isAbsolute, join, sep } from 'node:path';
import type * as z from 'zod';
import { type Entry, type Kubeconfig, KubeconfigError } from './file.ts';
import {
  type AuthProvider,
  type ClusterEntry,
  clusterSchema,
  contextSchema,
  type ExecSpec,
  faultOf,
  type UserEntry,
  userSchema,
} from './schema.ts';

/** PEM text, or where it is. A file is read for each set of credentials, so that a renewed one is seen. */
export type Pem = { readonly kind: 'data'; readonly data: Buffer } | { readonly kind: 'file'; readonly path: string };

/** What makes the Authorization header, or a certificate that only a program has. */
export type Identity =
  | { readonly kind: 'none' }
  /** `file` is read each time; `token` is for when it cannot be. One of them may be ''. */
  | { readonly kind: 'token'; readonly token: string; readonly file: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'plugin'; readonly exec: ExecSpec }
  | { readonly kind: 'provider'; readonly provider: AuthProvider };

export interface ClusterAccess {
  readonly origin: string;
  /** The path in front of `/api`, '' almost always. */
  readonly prefix: string;
  readonly namespace: string | undefined;
  readonly proxy: URL | undefined;
  /** The server's certificate is not checked, or there is no TLS at all. */
  readonly insecure: boolean;
  readonly serverName: string | undefined;
  readonly ca: Pem | undefined;
  readonly certificate: { readonly cert: Pem; readonly key: Pem } | undefined;
  readonly identity: Identity;
  readonly impersonate: Impersonation | undefined;
  /** What an exec plugin with `provideClusterInfo` is given beside the above. */
  readonly disableCompression: boolean;
  readonly pluginConfig: unknown;
}

export interface Impersonation {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** The name under which a cluster's extensions hold what its plugin wants to know. */
const pluginExtension = 'client.authentication.k8s.io/exec';

type Stop = (why: string, remedy?: string) => never;

/** @throws KubeconfigError */
export function accessOf(config: Kubeconfig, describe: string): ClusterAccess {
  const stop: Stop = (why, remedy = 'Correct it.') => {
    throw new KubeconfigError(`The ${describe} cannot be used: ${why}. ${remedy}`);
  };
  const choose = `Choose one with "kubectl config use-context NAME" (there: ${[...config.contexts.keys()].join(', ') || 'none'}).`;
  const name = config.currentContext;
  if (name === '') return stop('it has no current context', choose);
  const context = parsed(contextSchema, config.contexts.get(name), `context ${name}`, stop);
  if (context === undefined) return stop(`its context ${name} does not exist`, choose);
  const clusterEntry = config.clusters.get(context.cluster);
  const cluster = parsed(clusterSchema, clusterEntry, `cluster ${context.cluster}`, stop);
  if (clusterEntry === undefined || cluster === undefined)
    return stop(`its context ${name} names a cluster ${context.cluster} that does not exist`);
  const userEntry = context.user === '' ? { value: {}, folder: '' } : config.users.get(context.user);
  const user = parsed(userSchema, userEntry, `user ${context.user}`, stop);
  if (userEntry === undefined || user === undefined)
    return stop(`its context ${name} names a user ${context.user} that does not exist`);

  const ofCluster: Stop = (why, remedy) => stop(`its cluster ${context.cluster} ${why}`, remedy);
  const ofUser: Stop = (why, remedy) => stop(`its user ${context.user} ${why}`, remedy);
  const server = serverOf(cluster, ofCluster);
  const authority = { data: cluster['certificate-authority-data'], path: cluster['certificate-authority'] };
  const ca = pem({ ...authority, folder: clusterEntry.folder }, 'certificate-authority', ofCluster);
  const insecure = cluster['insecure-skip-tls-verify'];
  if (insecure && ca !== undefined)
    return ofCluster('has both a certificate-authority and insecure-skip-tls-verify', 'Take one of them out.');
  const certificate = certificateOf(user, userEntry, ofUser);
  return {
    origin: server.origin,
    prefix: server.pathname.replace(/\/+$/, ''),
    namespace: context.namespace || undefined,
    proxy: proxyOf(cluster, ofCluster),
    insecure,
    serverName: cluster['tls-server-name'] || undefined,
    ca,
    certificate,
    identity: identityOf(user, userEntry, certificate !== undefined, ofUser),
    impersonate: impersonationOf(user, ofUser),
    disableCompression: cluster['disable-compression'],
    pluginConfig: cluster.extensions.find((one) => one.name === pluginExtension)?.extension,
  };
}

function parsed<T extends z.ZodType>(schema: T, entry: Entry | undefined, what: string, stop: Stop) {
  if (entry === undefined) return undefined;
  const { data, error } = schema.safeParse(entry.value);
  return data ?? (error === undefined ? undefined : stop(`in its ${what}, ${faultOf(error)}`));
}

function serverOf(cluster: ClusterEntry, stop: Stop): URL {
  if (cluster.server === '') return stop('names no server');
  const server = URL.parse(cluster.server);
  if (server === null || (server.protocol !== 'https:' && server.protocol !== 'http:'))
    return stop('has a server that is no http or https URL');
  if (server.protocol === 'http:' && !cluster['insecure-skip-tls-verify']) {
    return stop(
      `has a server ${server.origin} that is not https, so credentials would travel in the clear`,
      'Use https, or set insecure-skip-tls-verify: true in its cluster if that is meant (a sandbox).',
    );
  }
  return server;
}

function proxyOf(cluster: ClusterEntry, stop: Stop): URL | undefined {
  if (cluster['proxy-url'] === '') return undefined;
  const proxy = URL.parse(cluster['proxy-url']);
  if (proxy !== null && (proxy.protocol === 'http:' || proxy.protocol === 'https:')) return proxy;
  return stop('has a proxy-url that is no http or https URL', 'Name an HTTP proxy; SOCKS proxies are not supported.');
}

function certificateOf(user: UserEntry, { folder }: Entry, stop: Stop): ClusterAccess['certificate'] {
  const ofCert = { data: user['client-certificate-data'], path: user['client-certificate'], folder };
  const cert = pem(ofCert, 'client-certificate', stop);
  if (cert === undefined) return undefined;
  const key = pem({ data: user['client-key-data'], path: user['client-key'], folder }, 'client-key', stop);
  return key === undefined ? stop('has a client certificate without its key') : { cert, key };
}

/** @param from the data and the path of `field`, of which one may be given. */
function pem(
  from: { data: Buffer | undefined; path: string; folder: string },
  field: string,
  stop: Stop,
): Pem | undefined {
  const { data, path, folder } = from;
  if (data !== undefined && path !== '') return stop(`has both ${field} and ${field}-data`, 'Take one of them out.');
  if (data !== undefined) return { kind: 'data', data };
  return path === '' ? undefined : { kind: 'file', path: absolute(path, folder) };
}

function identityOf(user: UserEntry, { folder }: Entry, hasCertificate: boolean, stop: Stop): Identity {
  const { token, tokenFile, username, password, exec, 'auth-provider': provider } = user;
  const basic = username !== '' || password !== '';
  if (basic && (token !== '' || tokenFile !== ''))
    return stop('has both a token and a username', 'Take one of them out.');
  if (exec && provider) return stop('has both an exec plugin and an auth-provider', 'Take one of them out.');
  if (token !== '' || tokenFile !== '')
    return { kind: 'token', token, file: tokenFile === '' ? '' : absolute(tokenFile, folder) };
  if (basic) return { kind: 'basic', username, password };
  if (exec && !hasCertificate) {
    // A bare name is looked for in PATH.
    const command = exec.command.includes(sep) ? absolute(exec.command, folder) : exec.command;
    return { kind: 'plugin', exec: { ...exec, command } };
  }
  return provider ? { kind: 'provider', provider } : { kind: 'none' };
}

function impersonationOf(user: UserEntry, stop: Stop): Impersonation | undefined {
  const { as, 'as-uid': uid, 'as-groups': groups, 'as-user-extra': extra } = user;
  if (as !== '') return { user: as, uid, groups, extra };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  return stop('impersonates a uid, groups or extra without a user', 'Add the user (as:).');
}

function absolute(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
