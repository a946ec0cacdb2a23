/**
 * How much memory V8 may take before it collects what nobody needs. Left alone it takes what makes one long computation fastest: 128 MiB for young objects and a
 * quarter of the machine for old ones. A controller waits most of its life, shares a node with others, and is judged by its resident memory.
 *
 * Set while running and not on the command line, so that it holds however the process is started. `docs/performance.md` has what each one saves and costs.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Room for young objects, in each of the two halves: what is under way at one time fits in, and a collection of it takes about a millisecond. */
const halfBytes = 4 * 1_048_576;

const flags = [
  // Not worth waking other threads for.
  '--no-parallel-scavenge',
  // The old one is collected when it has grown by this many percent: whatever was under way when it was collected last has become old, and is of no use.
  '--heap-growing-percent=30',
  // The last optimizing compiler (TurboFan) works for functions that run for minutes. Here its threads take 9 % of the CPU of a burst and keep 8 MiB for themselves; the one before it is as good.
  '--no-turbofan',
  // undici's HTTP parser is one function as large as a program. Optimizing it takes 25 MiB once, which the process keeps, and makes nothing faster that can be measured.
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
] as const;

/** To be called once the program is loaded, and before the first request. */
export function keepHeapSmall(): void {
  for (const flag of flags) setFlagsFromString(flag);
  keepYoung();
}

/**
 * V8 takes most of the young generation away from a process that idles, and would give back up to 128 MiB of it once there is work again. So it may double while
 * it is smaller than it should be, and no longer: looked at after each collection, which is when it changes.
 */
function keepYoung(): void {
  let mayGrow: boolean | undefined;
  const look = () => {
    // A page's own header counts as neither used nor free.
    const isSmall = youngCapacity() < 0.9 * halfBytes;
    if (isSmall === mayGrow) return;
    mayGrow = isSmall;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  };
  look();
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] });
}

/** Of one half, in bytes. (Its `space_size` is what is committed of both, which may come later.) */
function youngCapacity(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  return young === undefined ? halfBytes : young.space_used_size + young.space_available_size;
}
