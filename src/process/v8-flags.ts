/**
 * How V8 is to be configured for this program: on node's command line, as the image's ENTRYPOINT does it, and never while it runs. Left alone, V8 takes what
 * makes one long computation fastest; a controller waits most of its life and shares a node with others. `docs/performance.md` has what each flag saves and costs.
 *
 * Node refuses most of them in NODE_OPTIONS. The limit of the heap depends on the container's memory and is the chart's: `nodeOptions`.
 */
export const v8Flags = [
  // MiB for young objects, in each of two halves: what is in flight at one time fits in, and a collection of it takes about a millisecond.
  '--max-semi-space-size=4',
  // The old generation is collected when it has grown by this many percent: what was in flight at the last collection has become old, and is of no use.
  '--heap-growing-percent=30',
  // Not worth waking other threads for.
  '--no-parallel-scavenge',
  // Maglev and no TurboFan: the last optimizing compiler pays for functions that run for minutes. Here it costs CPU, and its threads keep 8 MiB.
  '--max-opt=2',
  // undici's HTTP parser is one function as large as a program. Optimizing it takes 25 MiB once, which the process keeps, and makes nothing faster that can be measured.
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
] as const;

/**
 * The flags that a process was started without; one with another value is the user's choice, and counts as given.
 * @param given `process.execArgv`, and the parts of NODE_OPTIONS
 */
export function missingV8Flags(given: readonly string[]): string[] {
  const names = new Set(given.map(nameOf));
  return v8Flags.filter((flag) => !names.has(nameOf(flag)));
}

/** V8 takes `_` for `-`. */
const nameOf = (flag: string): string => (flag.split('=')[0] ?? flag).replaceAll('_', '-');
