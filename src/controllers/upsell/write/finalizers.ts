/**
 * How the finalizer of an object comes and goes. Each patch names the object's uid, so that it never reaches a namesake that was created since, and the resource
 * version, because it replaces the whole list.
 */
import { tenantUserUpsells } from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { KubernetesClient } from '../../../kubernetes/calls/client.ts';
import { pathOf } from '../../../kubernetes/calls/resource.ts';
import { withFinalizer, withoutFinalizer } from '../assess/finalizer.ts';

/** @throws KubernetesError (a conflict where the cached object is no longer current), or the signal's reason. */
export const addFinalizer = (client: KubernetesClient, object: TenantUserUpsell, signal: AbortSignal): Promise<void> =>
  patchFinalizers(client, object, withFinalizer(object), signal);

/** @throws as `addFinalizer`. */
export const removeFinalizer = (
  client: KubernetesClient,
  object: TenantUserUpsell,
  signal: AbortSignal,
): Promise<void> => patchFinalizers(client, object, withoutFinalizer(object), signal);

async function patchFinalizers(
  client: KubernetesClient,
  { namespace, name, uid, resourceVersion }: TenantUserUpsell,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await client.request(
    {
      method: 'PATCH',
      path: pathOf(tenantUserUpsells, { namespace, name }),
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid, resourceVersion, finalizers } },
      discardResponse: true,
    },
    signal,
  );
}
