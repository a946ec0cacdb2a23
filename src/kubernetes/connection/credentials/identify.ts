/**
 * What goes into each request and each TLS handshake, from what a kubeconfig says: files are read, a plugin is run, an identity provider is asked, each time again, so
 * that what was rotated is seen.
 */
import { readFile } from 'node:fs/promises';
import { validateHeaderValue } from 'node:http';
import type { Clock } from '../../../base/clock.ts';
import type { ClusterAccess, Impersonation, Pem } from '../kubeconfig/cluster-access.ts';
import { KubeconfigError, whyUnreadable } from '../kubeconfig/file.ts';
import type { TlsMaterial } from '../lanes.ts';
import { ExecPlugin, type PluginContext } from './exec-plugin.ts';
import { IdentityProvider, type RefreshTokens } from './identity-provider.ts';

/** Lower-case names; a name with several values is sent several times. */
export type CredentialHeaders = Readonly<Record<string, string | string[]>>;

export interface Identified {
  readonly headers: CredentialHeaders;
  readonly tls: TlsMaterial;
}

/** One caller at a time. @throws KubeconfigError, PluginError, ProviderError; the signal's reason when `signal` ends it */
export type Identify = (signal: AbortSignal) => Promise<Identified>;

export interface IdentifyContext {
  readonly clock: Clock;
  readonly env: PluginContext['env'];
  /** Of the whole process: what a provider gave is not in the kubeconfig. */
  readonly refreshTokens: RefreshTokens;
}

interface Proof {
  readonly authorization?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What a plugin or a provider gave is kept for as long as it holds, with the function that is returned. */
export function identifier(access: ClusterAccess, context: IdentifyContext): Identify {
  const prove = prover(access, context);
  return async (signal) => {
    const { authorization, cert, key } = await prove(signal);
    const { certificate } = access;
    const headers: Record<string, string | string[]> = { ...impersonation(access.impersonate) };
    if (authorization !== undefined) headers['authorization'] = headerValue(authorization);
    return {
      headers,
      tls: {
        ca: await pem(access.ca),
        cert: cert ?? (await pem(certificate?.cert)),
        key: key ?? (await pem(certificate?.key)),
        servername: access.serverName,
        // Said either way, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch the check off behind our back.
        rejectUnauthorized: !access.insecure,
      },
    };
  };
}

function prover(
  access: ClusterAccess,
  { clock, env, refreshTokens }: IdentifyContext,
): (signal: AbortSignal) => Promise<Proof> {
  const { identity } = access;
  switch (identity.kind) {
    case 'none':
      return async () => ({});
    case 'token':
      return async () => ({ authorization: `Bearer ${await tokenOf(identity.token, identity.file)}` });
    case 'basic': {
      const pair = Buffer.from(`${identity.username}:${identity.password}`).toString('base64');
      return async () => ({ authorization: `Basic ${pair}` });
    }
    case 'plugin': {
      const plugin = new ExecPlugin(identity.exec, { clock, env, cluster: () => clusterInfo(access) });
      return async (signal) => {
        const { token, cert, key } = await plugin.credential(signal);
        return { authorization: token === undefined ? undefined : `Bearer ${token}`, cert, key };
      };
    }
    case 'provider': {
      const provider = new IdentityProvider(identity.provider, clock, refreshTokens);
      return async (signal) => ({ authorization: await provider.authorization(signal) });
    }
  }
}

/** As client-go: the file goes before the token beside it, which is for when the file cannot be read or is empty. */
async function tokenOf(token: string, file: string): Promise<string> {
  if (file === '') return token;
  const read = await readFile(file, 'utf8').catch((error: unknown) => {
    if (token !== '') return '';
    throw new KubeconfigError(`its token file ${file} cannot be used: ${whyUnreadable(error)}.`);
  });
  const found = read.trim() || token;
  if (found === '') throw new KubeconfigError(`its token file ${file} is empty.`);
  return found;
}

async function pem(from: Pem | undefined): Promise<Buffer | undefined> {
  if (from === undefined) return undefined;
  switch (from.kind) {
    case 'data':
      return from.data;
    case 'file':
      return readFile(from.path).catch((error: unknown) => {
        throw new KubeconfigError(`its file ${from.path} cannot be used: ${whyUnreadable(error)}.`);
      });
  }
}

function impersonation(as: Impersonation | undefined): Record<string, string | string[]> {
  if (as === undefined) return {};
  const headers: Record<string, string | string[]> = { 'impersonate-user': headerValue(as.user) };
  if (as.uid !== '') headers['impersonate-uid'] = headerValue(as.uid);
  if (as.groups.length > 0) headers['impersonate-group'] = as.groups.map(headerValue);
  for (const [name, values] of Object.entries(as.extra)) {
    if (values.length > 0) headers[`impersonate-extra-${headerNamePart(name)}`] = values.map(headerValue);
  }
  return headers;
}

/** UTF-8 bytes, as Go sends them. @throws KubeconfigError for what no header can hold */
function headerValue(value: string): string {
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  try {
    validateHeaderValue('authorization', bytes);
  } catch {
    throw new KubeconfigError('its user has a line break or control character in a token or name. Correct it.');
  }
  return bytes;
}

/** Each byte that a header's name cannot have, and `%`, as `%XX` (client-go's headerKeyEscape). */
function headerNamePart(name: string): string {
  return [...Buffer.from(name, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** `spec.cluster` of an ExecCredential. */
async function clusterInfo(access: ClusterAccess): Promise<object> {
  const ca = await pem(access.ca);
  return {
    server: access.origin + access.prefix,
    ...(access.serverName === undefined ? {} : { 'tls-server-name': access.serverName }),
    ...(access.insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === undefined ? {} : { 'certificate-authority-data': ca.toString('base64') }),
    ...(access.proxy === undefined ? {} : { 'proxy-url': access.proxy.href.replace(/\/$/, '') }),
    ...(access.disableCompression ? { 'disable-compression': true } : {}),
    config: access.pluginConfig ?? null,
  };
}
