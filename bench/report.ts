/** A whole run as one document: every sample, and all that one has to know to judge it. Written as JSON, and read again to be shown beside others. */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import * as z from 'zod';
import { type ContenderName, contenderNames, sampleSchema } from './sample.ts';

export const reportSchema = z.object({
  startedAt: z.string(),
  machine: z.object({ cpu: z.string(), cores: z.number(), memoryGiB: z.number(), system: z.string() }),
  versions: z.object({
    operator: z.string(),
    node: z.string(),
    kubernetes: z.string(),
    go: z.string().optional(),
    controllerRuntime: z.string().optional(),
  }),
  /** Over 1, 5 and 15 minutes. What others do on the machine makes seconds worthless, and CPU per object a little larger. */
  load: z.object({ before: z.array(z.number()), after: z.array(z.number()) }),
  /** The command's arguments, as far as they matter. */
  settings: z.record(z.string(), z.unknown()),
  samples: z.array(sampleSchema),
});
export type Report = z.output<typeof reportSchema>;

export const machine = (): Report['machine'] => ({
  cpu: cpus()[0]?.model.trim() || 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${release().split('-')[0]}`,
});

export const load = (): number[] => loadavg().map((value) => Math.round(value * 100) / 100);

export async function readReport(file: string): Promise<Report> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(
      `${file} cannot be read as a report of the bench: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return reportSchema.parse(content);
}

export interface Merged {
  readonly samples: Report['samples'];
  /** A sentence for each phase in which the report that is shown lacks a contender that an earlier one has. */
  readonly lost: readonly string[];
}

/** A phase of a fleet of a certain size is shown from the latest report that has it, and from that one only: figures of two days are no ratio. */
export function merge(reports: readonly Report[]): Merged {
  const latest = new Map<string, Report['samples']>();
  const ever = new Map<string, ReadonlySet<ContenderName>>();
  for (const report of [...reports].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1))) {
    const groups = Map.groupBy(report.samples, ({ phase, objects }) => `${phase}, ${objects} objects`);
    for (const [key, group] of groups) {
      latest.set(key, group);
      ever.set(key, new Set([...(ever.get(key) ?? []), ...whoIsIn(group)]));
    }
  }
  const lost = [...latest].flatMap(([key, group]) => {
    const names = [...(ever.get(key) ?? [])].filter((name) => !whoIsIn(group).has(name));
    if (names.length === 0) return [];
    const who = names.map((name) => contenderNames[name]).join(' and ');
    return [`${key}: an earlier report has ${who} too, the one that is shown has not`];
  });
  return { samples: [...latest.values()].flat(), lost };
}

const whoIsIn = (samples: Report['samples']) => new Set(samples.map(({ contender }) => contender));

/** One line on where and with what it was measured. */
export function provenance({ machine: m, versions: v, load: l, startedAt }: Report): string {
  const versions = [
    `operator ${v.operator}`,
    `Node ${v.node}`,
    `Kubernetes ${v.kubernetes}`,
    ...(v.controllerRuntime === undefined ? [] : [`controller-runtime ${v.controllerRuntime} (${v.go ?? 'Go'})`]),
  ];
  return `${startedAt.slice(0, 10)}: ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.system}; ${versions.join(', ')}; load average ${l.before[0] ?? 0} before, ${l.after[0] ?? 0} after.`;
}
