/** A Lease as an elector reads and writes it. What it does not know of the object it leaves as it is. */
import * as z from 'zod';
import type { Resource } from '../../kubernetes/calls/resource.ts';

export const leases: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' };

const leaseSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().min(1) }),
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .nullish(),
});

/** The object as the server has it. */
export type Lease = z.output<typeof leaseSchema>;

/** What the election is about. */
export interface LeaseRecord {
  /** '' when it is free. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
}

export const parseLease = (response: unknown): Lease | undefined => leaseSchema.safeParse(response).data;

export function recordOf(lease: Lease): LeaseRecord {
  const { spec } = lease;
  return {
    holder: spec?.holderIdentity ?? '',
    durationSeconds: spec?.leaseDurationSeconds ?? 0,
    acquireTime: spec?.acquireTime ?? '',
    renewTime: spec?.renewTime ?? '',
    transitions: spec?.leaseTransitions ?? 0,
  };
}

const specOf = (record: LeaseRecord) => ({
  holderIdentity: record.holder,
  leaseDurationSeconds: record.durationSeconds,
  acquireTime: record.acquireTime,
  renewTime: record.renewTime,
  leaseTransitions: record.transitions,
});

export const newLease = (namespace: string, name: string, record: LeaseRecord) => ({
  apiVersion: `${leases.group}/${leases.version}`,
  kind: leases.kind,
  metadata: { namespace, name },
  spec: specOf(record),
});

/** With the resource version it was read with: the server refuses it when another client was faster. */
export const changedLease = (lease: Lease, record: LeaseRecord) => ({
  ...lease,
  spec: { ...lease.spec, ...specOf(record) },
});

/** Kubernetes' MicroTime wants six decimals, and JavaScript has three. */
export const microTime = (wallMs: number): string => new Date(wallMs).toISOString().replace('Z', '000Z');
