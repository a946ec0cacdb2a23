/** What is seen of the cluster, one reading for each line of the checklist. Nothing is written: a review of access asks a question and leaves nothing. */
import * as z from 'zod';
import { checkServer } from '../../kubernetes/calls/check-server.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import { isForbidden, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf, type Resource } from '../../kubernetes/calls/resource.ts';
import { leases, parseLease, recordOf } from '../../runtime/leaderelection/record.ts';
import type { Access, Cluster, ServiceAccount } from '../connect/cluster.ts';
import type { ImageEvidence, LeaseEvidence, RightsEvidence, Seen, ServerEvidence } from './cluster.ts';
import { knownFields, openApiPath, servedFields } from './crd-fields.ts';
import type { Right } from './rights.ts';

export type Reader = Pick<KubernetesReader, 'request'>;

/** @param what completes "you may not …". @throws the signal's reason. */
async function seen<T>(what: string, read: () => Promise<T>, signal: AbortSignal): Promise<Seen<T>> {
  try {
    return { kind: 'seen', value: await read() };
  } catch (error) {
    signal.throwIfAborted();
    if (isNotFound(error)) return { kind: 'absent' };
    if (isForbidden(error)) return { kind: 'forbidden', what };
    if (error instanceof KubernetesError) return { kind: 'failed', why: `${error.message}.` };
    throw error;
  }
}

const strange = (expected: string): KubernetesError =>
  new KubernetesError(`the API server responded with something that is not ${expected}`, { reason: 'InvalidResponse' });

export async function seeServer({ reader, connection }: Cluster, signal: AbortSignal): Promise<ServerEvidence> {
  const check = await checkServer(reader, connection, signal);
  return { server: connection.server, from: connection.describe, check };
}

export const seeCrds = (client: Reader, signal: AbortSignal) =>
  seen(
    `read ${openApiPath}`,
    async () => {
      const fields = servedFields(await client.request({ method: 'GET', path: openApiPath }, signal), knownFields());
      if (fields === undefined) throw strange('an OpenAPI document');
      return fields;
    },
    signal,
  );

export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  /** The time of day, in milliseconds. */
  readonly wall: () => number;
}

export const seeLease = (client: Reader, { namespace, name, wall }: LeaseOptions, signal: AbortSignal) =>
  seen(
    `get leases in ${namespace}`,
    async (): Promise<LeaseEvidence> => {
      const lease = parseLease(
        await client.request({ method: 'GET', path: pathOf(leases, { namespace, name }) }, signal),
      );
      if (lease === undefined) throw strange('a Lease');
      const { holder, renewTime, durationSeconds } = recordOf(lease);
      const ageMs = Math.max(0, wall() - (Date.parse(renewTime) || 0));
      return { name, namespace, holder, ageMs, durationMs: durationSeconds * 1_000 };
    },
    signal,
  );

const deployments: Resource = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' };
const deploymentList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      spec: z.object({
        replicas: z.number().default(1),
        template: z.object({
          spec: z.object({
            serviceAccountName: z.string().optional(),
            containers: z.array(z.object({ image: z.string() })).min(1),
          }),
        }),
      }),
      status: z.object({ readyReplicas: z.number().default(0) }).prefault({}),
    }),
  ),
});

export interface Installed extends ImageEvidence {
  readonly serviceAccount: string;
}

/** The operator's Deployments, by the label that chart and manifests give them: in all namespaces, or in one where only that may be read. */
export async function seeInstalled(
  client: Reader,
  namespace: string,
  signal: AbortSignal,
): Promise<Seen<readonly Installed[]>> {
  const list = (scope: { readonly namespace?: string }, what: string) =>
    seen(
      what,
      async (): Promise<readonly Installed[]> => {
        const query = { labelSelector: 'app.kubernetes.io/name=acronis-upsell-operator' };
        const found = deploymentList.safeParse(
          await client.request({ method: 'GET', path: pathOf(deployments, scope), query }, signal),
        ).data;
        if (found === undefined) throw strange('a list of Deployments');
        return found.items.map(({ metadata, spec, status }) => ({
          namespace: metadata.namespace,
          deployment: metadata.name,
          image: spec.template.spec.containers[0]?.image ?? '',
          wanted: spec.replicas,
          ready: status.readyReplicas,
          serviceAccount: spec.template.spec.serviceAccountName ?? 'default',
        }));
      },
      signal,
    );
  const all = await list({}, 'list deployments');
  return all.kind === 'forbidden' ? await list({ namespace }, `list deployments in ${namespace}`) : all;
}

export interface AccessOptions {
  readonly rights: readonly Right[];
  readonly watchNamespaces: readonly string[];
  readonly operatorNamespace: string;
  /** Asked for in place of the caller. */
  readonly serviceAccount?: ServiceAccount;
  /** The caller is the operator itself. */
  readonly inPod: boolean;
}

/** Whether the caller, or the ServiceAccount, has each right. */
export const seeRights = (
  cluster: Pick<Cluster, 'mayI' | 'may'>,
  options: AccessOptions,
  signal: AbortSignal,
): Promise<Seen<RightsEvidence>> =>
  seen(
    'ask what the ServiceAccount may do (create subjectaccessreviews)',
    async () => {
      const { rights, watchNamespaces, operatorNamespace, serviceAccount, inPod } = options;
      const denied = new Set<Right>();
      for (const right of rights)
        for (const place of placesOf(right, watchNamespaces, operatorNamespace)) {
          const access = accessTo(right, place);
          const isAllowed =
            serviceAccount === undefined
              ? await cluster.mayI(access, signal)
              : await cluster.may(serviceAccount, access, signal);
          if (!isAllowed) denied.add(right);
        }
      const isOperator = inPod || serviceAccount !== undefined;
      const { namespace, name } = serviceAccount ?? { namespace: '', name: '' };
      const subject =
        serviceAccount === undefined
          ? isOperator
            ? 'The operator'
            : 'You'
          : `The ServiceAccount ${namespace}/${name}`;
      return { subject, isOperator, denied: [...denied], count: rights.length };
    },
    signal,
  );

/** '' is every namespace. */
function placesOf({ scope, name }: Right, watched: readonly string[], operatorNamespace: string): readonly string[] {
  switch (scope) {
    case 'operator':
      return [operatorNamespace];
    case 'watched':
      return watched.length === 0 ? [''] : watched;
    case 'cluster':
      return [watched.length === 0 ? '' : (name ?? '')];
  }
}

const accessTo = ({ verb, group, resource, subresource, name }: Right, namespace: string): Access => ({
  verb,
  group,
  resource,
  ...(subresource === undefined ? {} : { subresource }),
  ...(name === undefined ? {} : { name }),
  ...(namespace === '' ? {} : { namespace }),
});
