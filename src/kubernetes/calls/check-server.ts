/**
 * The first call to the API server, made to learn whether there is any point in going on, and to say in one sentence what to change if not.
 */
import * as z from 'zod';
import type { Clock, Random } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Connection } from '../connection/connection.ts';
import type { KubernetesReader } from './client.ts';
import { isForbidden, KubernetesError } from './errors.ts';
import { isProxyFailure } from './network-failure.ts';

export type ServerCheck =
  | { readonly kind: 'ok'; readonly version: string }
  /** `message` is for people: what is wrong and which setting helps. `lasting`: waiting alone does not help. */
  | { readonly kind: 'failed'; readonly message: string; readonly lasting: boolean; readonly error: KubernetesError };

const maxResponseMs = 10_000;
const versionInfo = z.object({ gitVersion: z.string() });

/** @throws the signal's reason when `signal` ends it */
export async function checkServer(
  client: KubernetesReader,
  connection: Pick<Connection, 'server' | 'describe' | 'remedy'>,
  signal: AbortSignal,
): Promise<ServerCheck> {
  try {
    const response = await client.request({ method: 'GET', path: '/version', timeoutMs: maxResponseMs }, signal);
    const version = versionInfo.safeParse(response);
    if (version.success) return { kind: 'ok', version: version.data.gitVersion };
    throw new KubernetesError('GET /version: no API server responded', { reason: 'InvalidResponse' });
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    // Some clusters keep even their version to themselves; a client that gets a 403 is authenticated.
    if (isForbidden(error)) return { kind: 'ok', version: 'unknown' };
    return { kind: 'failed', error, ...explain(error, connection) };
  }
}

export interface ReachOptions {
  readonly client: KubernetesReader;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const firstWaitMs = 1_000;
const maxWaitMs = 30_000;

/** Waits until the API server responds. The sentence that says why it never will, where waiting alone does not help; undefined otherwise, and when `signal` ends it. */
export async function untilReachable(options: ReachOptions, signal: AbortSignal): Promise<string | undefined> {
  const { client, connection, clock, random, log } = options;
  for (let waitMs = firstWaitMs; !signal.aborted; waitMs = Math.min(waitMs * 2, maxWaitMs)) {
    try {
      const check = await checkServer(client, connection, signal);
      if (check.kind === 'ok') return undefined;
      if (check.lasting) return check.message;
      log.warn('the API server does not respond; it is tried again', { why: check.message });
      await clock.sleep(waitMs * (0.5 + random() / 2), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return undefined;
}

function explain(
  error: KubernetesError,
  connection: Pick<Connection, 'server' | 'describe' | 'remedy'>,
): { message: string; lasting: boolean } {
  const { server, describe, remedy } = connection;
  const where = `The API server ${server} (${describe})`;
  if (error.status === 401) {
    return {
      lasting: true,
      message: `${where} refused the credentials. Renew them ("kubectl get --raw /version" with the same kubeconfig must work), or name another kubeconfig with --kubeconfig.`,
    };
  }
  if (error.status >= 500) return { lasting: false, message: `${where} is not ready: ${error.message}.` };
  switch (error.reason) {
    case 'CertificateNotTrusted':
      return {
        lasting: true,
        message: `${where} cannot be trusted: ${after(error, 'no response from')}. Correct certificate-authority-data or tls-server-name of its cluster in the kubeconfig.`,
      };
    case 'CredentialsUnavailable':
      return { lasting: true, message: error.message };
    case 'CredentialsLate':
      return {
        lasting: false,
        message: `${describe} gave no credentials within ${maxResponseMs / 1_000} s. If this lasts, run its exec plugin (or any kubectl command) by hand to see what it waits for.`,
      };
    case 'TimedOut':
      return { lasting: false, message: `${where} did not respond within ${maxResponseMs / 1_000} s. ${remedy}` };
    case 'ConnectionFailed':
      if (isProxyFailure(error))
        return {
          lasting: false,
          message: `${where} cannot be reached: ${after(error, 'no response from')}. Start the proxy, or correct proxy-url of its cluster in the kubeconfig.`,
        };
      return { lasting: false, message: `${where} cannot be reached: ${after(error, 'no response from')}. ${remedy}` };
    case 'InvalidResponse':
      return {
        lasting: false,
        message: `${where} does not respond as an API server does. Correct the server's URL in the kubeconfig, or check the proxy in between.`,
      };
    default:
      return { lasting: false, message: `${where} is not ready: ${error.message}.` };
  }
}

/** The part of a message that says why: what follows "no response from SERVER: ". */
function after(error: KubernetesError, marker: string): string {
  const at = error.message.indexOf(marker);
  const colon = at === -1 ? -1 : error.message.indexOf(': ', at);
  return colon === -1 ? error.message : error.message.slice(colon + 2);
}
