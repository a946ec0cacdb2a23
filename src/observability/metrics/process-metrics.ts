/**
 * The process itself, under the names every dashboard knows. Read when the page is asked for, and not before: prom-client's own set keeps a
 * 10 ms timer and a GC observer running, which on an idle operator cost ten times what the operator does.
 */
import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';
import { droppedLines } from '../log/stdout.ts';

export function registerProcessMetrics(
  registry: Registry,
  buildInfo: { readonly name: string; readonly version: string },
): void {
  const registers = [registry];
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds.',
    registers,
  }).set(Math.round(performance.timeOrigin) / 1_000);
  new Gauge({
    name: 'process_open_fds',
    help: 'Number of open file descriptors.',
    registers,
    collect() {
      const count = openFiles();
      if (count !== undefined) this.set(count);
    },
  });
  new Gauge({
    name: 'nodejs_active_resources',
    help: 'What keeps the process alive just now (timers, sockets, requests), by type.',
    labelNames: ['type'],
    registers,
    collect() {
      this.reset();
      for (const type of process.getActiveResourcesInfo()) this.inc({ type });
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Process heap size used from Node.js in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Counter({
    name: 'nodejs_eventloop_active_seconds_total',
    help: 'Seconds the event loop was busy; its rate is how much of one core the operator needs.',
    registers,
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().active / 1_000);
    },
  });
  new Counter({
    name: 'log_lines_dropped_total',
    help: 'Lines of the log that were dropped because nothing read standard output, or it could not be written.',
    registers,
    collect() {
      this.reset();
      this.inc(droppedLines());
    },
  });
  new Gauge({
    name: 'nodejs_version_info',
    help: 'Node.js version info.',
    labelNames: ['version'],
    registers,
  }).set({ version: process.version }, 1);
  new Gauge({
    name: `${buildInfo.name}_build_info`,
    help: 'Which build this is; always 1.',
    labelNames: ['version'],
    registers,
  }).set({ version: buildInfo.version }, 1);
}

/** Linux only; elsewhere there is nothing to report. */
function openFiles(): number | undefined {
  try {
    // The directory being read is itself one.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
