/** What pods use, by the kubelet's account and by their own metrics, beside what the chart asks for. */
import * as z from 'zod';
import type { Cluster } from './cluster.ts';

export interface Usage {
  readonly pod: string;
  /** Bytes, by the kubelet: what counts against the limit. Absent where the node keeps no such account. */
  readonly workingSet: number | undefined;
  /** Bytes, by the process. */
  readonly resident: number;
  /** Seconds of CPU since the start, and the seconds since then. */
  readonly cpu: number;
  readonly age: number;
}

const summarySchema = z.object({
  pods: z.array(
    z.object({
      podRef: z.object({ name: z.string(), namespace: z.string() }),
      containers: z
        .array(z.object({ name: z.string(), memory: z.object({ workingSetBytes: z.number().optional() }).optional() }))
        .default([]),
    }),
  ),
});

export async function usageOf(cluster: Cluster, pod: { readonly name: string; readonly node: string }): Promise<Usage> {
  const page = await cluster.ok([
    'get',
    '--raw',
    `/api/v1/namespaces/${cluster.system}/pods/${pod.name}:8080/proxy/metrics`,
  ]);
  const value = (name: string) => {
    const text = new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1];
    if (text === undefined) throw new Error(`${pod.name} serves no metric ${name}.`);
    return Number(text);
  };
  const summary = await cluster.tried(['get', '--raw', `/api/v1/nodes/${pod.node}/proxy/stats/summary`]);
  const pods = summary.exitCode === 0 ? summarySchema.parse(JSON.parse(summary.stdout)).pods : [];
  const container = pods
    .find(({ podRef }) => podRef.name === pod.name && podRef.namespace === cluster.system)
    ?.containers.find(({ name }) => name === 'operator');
  return {
    pod: pod.name,
    workingSet: container?.memory?.workingSetBytes || undefined,
    resident: value('process_resident_memory_bytes'),
    cpu: value('process_cpu_seconds_total'),
    age: Date.now() / 1000 - value('process_start_time_seconds'),
  };
}

const units: Readonly<Record<string, number>> = { '': 1, m: 0.001, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** `128Mi`, `20m` as a number. */
export function quantity(text: string): number {
  const [, number, unit = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(text) ?? [];
  const factor = units[unit];
  if (number === undefined || factor === undefined) throw new Error(`${text} is a quantity that is not known here.`);
  return Number(number) * factor;
}

export const mib = (bytes: number | undefined): string =>
  bytes === undefined ? '–' : `${Math.round(bytes / 2 ** 20)} MiB`;
export const milli = (cores: number): string => `${Math.round(cores * 10_000) / 10} m`;

/** Rows of cells, aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
