/** What is measured, by whom it was done, and the figures that design and documentation set as goals. */
import * as z from 'zod';

export const contenders = ['ours', 'go', 'bare'] as const;
export type ContenderName = (typeof contenders)[number];
/** As people read them. */
export const contenderNames: Readonly<Record<ContenderName, string>> = {
  ours: 'ours',
  go: 'controller-runtime',
  bare: 'bare loop',
};

/** One run of one contender through one phase of a scenario. Figures are named with their unit in `figures`. */
export const sampleSchema = z.object({
  phase: z.string(),
  contender: z.enum(contenders),
  repeat: z.number(),
  objects: z.number(),
  figures: z.record(z.string(), z.number()),
});
export type Sample = z.output<typeof sampleSchema>;

interface Figure {
  readonly label: string;
  readonly unit: string;
  readonly digits: number;
}

/** All figures that a sample may hold. */
export const figures: Readonly<Record<string, Figure>> = {
  cpuMsPerObject: { label: 'CPU per object', unit: 'ms', digits: 3 },
  cpuS: { label: 'CPU', unit: 's', digits: 2 },
  perSecond: { label: 'objects per second', unit: '/s', digits: 0 },
  sentPerSecond: { label: 'sent by the driver', unit: '/s', digits: 0 },
  requestsPerObject: { label: 'requests to Acronis per object', unit: '', digits: 3 },
  requests: { label: 'requests to Acronis', unit: '', digits: 0 },
  requestsPerMinute: { label: 'requests to Acronis per minute', unit: '', digits: 1 },
  puts: { label: 'PUTs to Acronis', unit: '', digits: 0 },
  userPutTwice: { label: 'users PUT more than once', unit: '', digits: 0 },
  clusterWritesPerObject: { label: 'writes to the API server per object', unit: '', digits: 3 },
  events: { label: 'Events written', unit: '', digits: 0 },
  needlessWrites: { label: 'writes where nothing changed', unit: '', digits: 0 },
  rssMiB: { label: 'memory after', unit: 'MiB', digits: 0 },
  peakRssMiB: { label: 'memory at most', unit: 'MiB', digits: 0 },
  readyS: { label: 'start until it works', unit: 's', digits: 2 },
  firstWriteS: { label: 'start until a new object is Ready', unit: 's', digits: 2 },
  seconds: { label: 'time', unit: 's', digits: 2 },
  p50Ms: { label: 'half are Ready within', unit: 'ms', digits: 0 },
  p95Ms: { label: '95 % are Ready within', unit: 'ms', digits: 0 },
  p99Ms: { label: '99 % are Ready within', unit: 'ms', digits: 0 },
  p99OfAlone: { label: 'that, by the same alone', unit: '×', digits: 2 },
  queueP99Ms: { label: '99 % of all reconciles waited in the queue for at most', unit: 'ms', digits: 0 },
  readsPerSecond: { label: 'reads from Acronis meanwhile', unit: '/s', digits: 1 },
  bytesPerObject: { label: 'memory per further object', unit: 'B', digits: 0 },
  detectS: { label: 'drift corrected within, at most', unit: 's', digits: 1 },
  actedS: { label: 'seen and acted on within, at most', unit: 's', digits: 1 },
  cpuPercent: { label: 'CPU of one core', unit: '%', digits: 2 },
};

export interface Goal {
  readonly phase: string;
  readonly figure: string;
  /** Of ours by Go's, of ours by the bare loop's, or of ours alone. */
  readonly of: 'go' | 'bare' | 'value';
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Section 8 of the design, and the priority goal. Those that depend on the number of objects are given for the fleet of 50,000. */
export function goalsFor(fleet: number): readonly Goal[] {
  return [
    { phase: 'burst', figure: 'cpuMsPerObject', of: 'bare', atMost: 1.15 },
    { phase: 'burst', figure: 'perSecond', of: 'bare', atLeast: 0.97 },
    // Offers included.
    { phase: 'burst', figure: 'requestsPerObject', of: 'value', atMost: 1.2 },
    { phase: 'burst', figure: 'rssMiB', of: 'value', atMost: 110 },
    { phase: 'small burst', figure: 'cpuMsPerObject', of: 'go', atMost: 0.9 },
    { phase: 'restart', figure: 'cpuS', of: 'go', atMost: 0.33 },
    { phase: 'restart', figure: 'requests', of: 'value', atMost: Math.ceil(fleet / 100) + 20 },
    { phase: 'restart', figure: 'rssMiB', of: 'go', atMost: 0.6 },
    { phase: 'restart', figure: 'needlessWrites', of: 'value', atMost: 0 },
    { phase: 'steady', figure: 'requestsPerMinute', of: 'value', atMost: 15 },
    { phase: 'steady', figure: 'needlessWrites', of: 'value', atMost: 0 },
    { phase: 'drift', figure: 'detectS', of: 'value', atMost: 17 },
    { phase: 'churn: create', figure: 'p99Ms', of: 'value', atMost: 1_000 },
    { phase: 'churn: edit', figure: 'p99Ms', of: 'value', atMost: 1_000 },
    { phase: 'policy: first pass', figure: 'seconds', of: 'value', atMost: 180 },
    { phase: 'policy: a role changes', figure: 'actedS', of: 'value', atMost: 30 },
    { phase: 'policy: restart', figure: 'needlessWrites', of: 'value', atMost: 0 },
    { phase: 'neighbours: one hangs', figure: 'p99OfAlone', of: 'value', atMost: 1.2 },
  ];
}

export const met = (goal: Goal, value: number): boolean =>
  (goal.atMost === undefined || value <= goal.atMost) && (goal.atLeast === undefined || value >= goal.atLeast);
