/**
 * What is written to children. A child is made only where no object has its name, is changed only while it is the one that was seen, and is deleted only as the
 * one that was meant; whatever else is there by then stays untouched.
 */
import * as z from 'zod';
import { policyFieldManager, tenantUserUpsells } from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { childName } from '../../../api/policy/children.ts';
import type { KubernetesCall, KubernetesClient } from '../../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../../kubernetes/calls/errors.ts';
import { pathOf } from '../../../kubernetes/calls/resource.ts';
import { manifestOf, type Template } from './template.ts';

/** No object has it by now. An apply that names it makes an object that is not there, and is a conflict for any that is (measured with 1.36). */
const beforeAll = '1';

/** @throws KubernetesError (a conflict where the name is taken), or the signal's reason. */
export async function makeChild(
  client: KubernetesClient,
  template: Template,
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  await apply(client, template, userId, { resourceVersion: beforeAll }, { discardResponse: true }, signal);
}

/** Puts right what the policy says; what people added stays. @throws KubernetesError where it is gone or another object by now, or the signal's reason. */
export async function updateChild(
  client: KubernetesClient,
  template: Template,
  { uid }: Pick<TenantUserUpsell, 'uid'>,
  userId: string,
  signal: AbortSignal,
): Promise<string> {
  const stored = storedOf(await apply(client, template, userId, { uid }, { discardResponse: false }, signal), uid);
  // An apply takes nothing away that another writer added, and only the policy says which API client its children use.
  const added = clientFields.filter((field) => stored.spec[field] !== undefined && template.spec[field] === undefined);
  if (added.length === 0) return stored.metadata.resourceVersion;
  const response = await client.request(
    {
      method: 'PATCH',
      path: pathOf(tenantUserUpsells, { namespace: template.policy.namespace, name: childName(userId) }),
      contentType: 'application/json-patch+json',
      body: [
        { op: 'test', path: '/metadata/uid', value: uid },
        ...added.map((field) => ({ op: 'remove', path: `/spec/${field}` })),
      ],
      discardResponse: false,
    },
    signal,
  );
  return storedOf(response, uid).metadata.resourceVersion;
}

const clientFields = ['accountRef', 'credentialsSecretRef'] as const;

const storedSchema = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  spec: z.record(z.string(), z.unknown()),
});

function storedOf(response: unknown, uid: string): z.output<typeof storedSchema> {
  const stored = storedSchema.safeParse(response);
  if (!stored.success || stored.data.metadata.uid !== uid)
    throw new KubernetesError('PATCH of a child: the response is not the child', { reason: 'InvalidResponse' });
  return stored.data;
}

/** The child's own deletion policy acts. @throws KubernetesError (a conflict where it changed since it was seen), or the signal's reason. */
export async function removeChild(
  client: KubernetesClient,
  { namespace, name, uid, resourceVersion }: Pick<TenantUserUpsell, 'namespace' | 'name' | 'uid' | 'resourceVersion'>,
  signal: AbortSignal,
): Promise<void> {
  await client.request(
    {
      method: 'DELETE',
      path: pathOf(tenantUserUpsells, { namespace, name }),
      body: { preconditions: { uid, resourceVersion }, propagationPolicy: 'Background' },
      discardResponse: true,
    },
    signal,
  );
}

/**
 * The child goes and leaves the types: what else names the user may not claim it (suspended, or observing), and a deletion that revokes would take them from it.
 * So the child is first made one that retains, and deleted only as that.
 * @throws as `removeChild`.
 */
export async function handOverChild(
  client: KubernetesClient,
  template: Template,
  child: TenantUserUpsell,
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  const isRetained = child.spec.ok && child.spec.value.deletionPolicy === 'Retain';
  const retaining: Template = { ...template, spec: { ...template.spec, deletionPolicy: 'Retain' } };
  const resourceVersion = isRetained
    ? child.resourceVersion
    : await updateChild(client, retaining, child, userId, signal);
  await removeChild(client, { ...child, resourceVersion }, signal);
}

const apply = (
  client: KubernetesClient,
  template: Template,
  userId: string,
  metadata: { readonly uid?: string; readonly resourceVersion?: string },
  { discardResponse }: Required<Pick<KubernetesCall, 'discardResponse'>>,
  signal: AbortSignal,
): Promise<unknown> =>
  client.request(
    {
      method: 'PATCH',
      path: pathOf(tenantUserUpsells, { namespace: template.policy.namespace, name: childName(userId) }),
      query: { fieldManager: policyFieldManager, force: 'true' },
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
      body: manifestOf(template, userId, metadata),
      discardResponse,
    },
    signal,
  );
