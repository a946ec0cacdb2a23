/** What a process has cost so far, as the kernel counts it. Linux only: that is where the operator runs. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessCost {
  /** User and system time, all threads. */
  readonly cpuS: number;
  readonly rssMiB: number;
  /** The most that was ever resident. */
  readonly peakRssMiB: number;
}

let ticksPerSecond: Promise<number> | undefined;
const ticks = (): Promise<number> => {
  ticksPerSecond ??= promisify(execFile)('getconf', ['CLK_TCK']).then(({ stdout }) => Number(stdout));
  return ticksPerSecond;
};

/** @throws Error where there is no such process, or no /proc. */
export async function costOf(pid: number): Promise<ProcessCost> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  const { rssMiB, peakRssMiB } = parseStatus(status);
  return { cpuS: parseStat(stat) / (await ticks()), rssMiB, peakRssMiB };
}

/** utime + stime in clock ticks. The second field is the program's name in brackets and may hold anything, brackets too. */
export function parseStat(text: string): number {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

export function parseStatus(text: string): { rssMiB: number; peakRssMiB: number } {
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { rssMiB: kibibytes('VmRSS') / 1024, peakRssMiB: kibibytes('VmHWM') / 1024 };
}

/** Resolves when the process has used less than a hundredth of a core for this long: whatever it was doing is over. */
export async function untilQuiet(pid: number, quietMs: number, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  let before = (await costOf(pid)).cpuS;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    const now = (await costOf(pid)).cpuS;
    if (now - before <= Math.max(0.01, quietMs / 1000 / 100) || performance.now() > end) return;
    before = now;
  }
}
