/**
 * Rights that are missing, seen as a whole. A right that is refused for one object is refused for all: the first refusal is logged with its cause, and until the right is there one patch
 * per cause tries it now and then; the others fail here, with the same error, and cost the API server nothing. `problem` is for readiness.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { KubernetesCall, KubernetesClient } from './client.ts';
import { isConflict, isForbidden, isNotFound, KubernetesError } from './errors.ts';

export interface RefusalMonitor {
  /** The same client, which is refused no faster than this allows. */
  readonly client: KubernetesClient;
  /** Which right is missing, as a sentence; undefined while none is known to be. */
  problem(): string | undefined;
}

interface Refusal {
  readonly error: KubernetesError;
  tries: number;
  nextTryAt: number;
  /** When a call needed the right last. */
  neededAt: number;
}

const firstWaitMs = 2_000;
const maxWaitMs = 30_000;
/** Longer than anything waits between two tries: what was not needed for so long (its objects are gone) is missed by none. */
const forgottenMs = 30 * 60_000;

/** As RBAC says it, and no admission webhook, which refuses one object and not another. */
const missingRight = /cannot [a-z]+ resource "/;
/** `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUBRESOURCE` and its like. */
const parts =
  /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)\/[^/]+(?<subresource>\/[^/]+)?$/;

export function createRefusalMonitor(client: KubernetesClient, clock: Clock, log: Log): RefusalMonitor {
  const refused = new Map<string, Refusal>();

  const request = async (call: KubernetesCall, signal: AbortSignal): Promise<unknown> => {
    // Nothing is parsed for each call while all is well.
    const key = call.method === 'PATCH' && refused.size > 0 ? causeOf(call) : '';
    const known = refused.get(key);
    if (known !== undefined) {
      known.neededAt = clock.now();
      if (clock.now() < known.nextTryAt) throw known.error;
      // This one tries; until it is back the others wait for it.
      known.tries += 1;
      known.nextTryAt = clock.now() + Math.min(maxWaitMs, firstWaitMs * 2 ** known.tries);
    }
    try {
      const response = await client.request(call, signal);
      if (known !== undefined) allowed(key);
      return response;
    } catch (error) {
      if (call.method !== 'PATCH' || !(error instanceof KubernetesError)) throw error;
      if (isForbidden(error) && missingRight.test(error.message)) noticed(causeOf(call), error);
      // Rights are checked before anything else.
      else if (known !== undefined && (isNotFound(error) || isConflict(error))) allowed(key);
      throw error;
    }
  };

  function allowed(cause: string): void {
    if (refused.delete(cause)) log.info('the API server allows it again', { what: cause });
  }

  function noticed(cause: string, error: KubernetesError): void {
    if (refused.has(cause)) return;
    const now = clock.now();
    refused.set(cause, { error, tries: 0, nextTryAt: now + firstWaitMs, neededAt: now });
    log.warn('the API server does not allow this; all that needs it waits, and it is tried again until it is allowed', {
      what: cause,
      reason: error.message,
    });
  }

  return {
    client: { request, watch: (call, listener, signal) => client.watch(call, listener, signal) },
    problem: () => {
      for (const [cause, { neededAt }] of refused) if (clock.now() - neededAt > forgottenMs) refused.delete(cause);
      const [first] = refused;
      if (first === undefined) return undefined;
      const more = refused.size === 1 ? '' : ` (and ${refused.size - 1} more)`;
      return `The API server does not allow this process to ${first[0]}${more}: grant its ServiceAccount that right with a Role or ClusterRole and a binding.`;
    },
  };
}

/** What was to be done, without the object: `patch tenantuserupsells/status in namespace NAME`. */
function causeOf({ method, path }: KubernetesCall): string {
  const { namespace, plural = path, subresource = '' } = parts.exec(path)?.groups ?? {};
  return `${method.toLowerCase()} ${plural}${subresource}${namespace === undefined ? '' : ` in namespace ${decodeURIComponent(namespace)}`}`;
}
