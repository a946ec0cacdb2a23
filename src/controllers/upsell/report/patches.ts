/**
 * What is written to an object in the cluster: its status, and its finalizer. Each patch names the object's uid, so that it never reaches a namesake
 * that was created since; a finalizer's also names the resource version, because it replaces the whole list.
 */
import * as z from 'zod';
import { tenantUserUpsells } from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { sendStatusPatch, statusPathOf } from '../../../fleet/status-patch.ts';
import type { KubernetesClient } from '../../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../../kubernetes/calls/errors.ts';
import { pathOf } from '../../../kubernetes/calls/resource.ts';
import { withFinalizer, withoutFinalizer } from '../assess/finalizer.ts';
import type { PrunedFields } from './pruned-fields.ts';

export interface StatusWriter {
  readonly client: KubernetesClient;
  readonly pruned: PrunedFields;
}

/**
 * Writes what of the changes the CRD stores.
 * @param given by field; null for a field that goes.
 * @throws KubernetesError (422 where it is another object by now, or a field that goes was not there), or the signal's reason once it is aborted.
 */
export async function patchStatus(
  { client, pruned }: StatusWriter,
  object: TenantUserUpsell,
  given: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  const changes = pruned.without(given);
  if (changes === undefined) return;
  const mustSee = pruned.mustSee(changes);
  const response = await sendStatusPatch(
    client,
    tenantUserUpsells,
    object,
    changes,
    { discardResponse: !mustSee },
    signal,
  );
  if (!mustSee) return;
  const stored = storedSchema.safeParse(response);
  // What a gateway says in its own JSON must not pass for a write that was done.
  if (!stored.success || stored.data.metadata.uid !== object.uid)
    throw new KubernetesError(`PATCH ${statusPathOf(tenantUserUpsells, object)}: the response is not the object`, {
      reason: 'InvalidResponse',
    });
  pruned.saw(changes, stored.data.status);
}

const storedSchema = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z.record(z.string(), z.unknown()).default({}),
});

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
