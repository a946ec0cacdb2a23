/**
 * Where the CPU time of a profile went, by function and by layer. A profile of `node --cpu-prof` knows lines of the bundle; its source map says
 * which file of ours or of which package each was made from.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        lineNumber: z.number(),
        columnNumber: z.number(),
      }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
export type CpuProfile = z.output<typeof profileSchema>;

const mapSchema = z.object({
  version: z.number(),
  sources: z.array(z.string()),
  names: z.array(z.string()),
  mappings: z.string(),
});

export interface Frame {
  readonly name: string;
  /** A file of ours, a package, a module of node, or `` for the engine itself. */
  readonly source: string;
}

export interface TimeSpent {
  readonly totalMs: number;
  readonly idleMs: number;
  readonly byGroup: readonly (readonly [group: string, ms: number])[];
  readonly byFunction: readonly (readonly [name: string, ms: number])[];
}

/** Where a run's profiles are written; those of earlier runs stay there, and are not taken for its own. */
export class ProfileFolder {
  readonly #dir: string;
  readonly #before: ReadonlySet<string>;

  private constructor(dir: string, before: ReadonlySet<string>) {
    this.#dir = dir;
    this.#before = before;
  }

  static async open(dir: string): Promise<ProfileFolder> {
    await mkdir(dir, { recursive: true });
    return new ProfileFolder(dir, new Set(await readdir(dir)));
  }

  /** The path of the first profile since it was opened. */
  async first(): Promise<string | undefined> {
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith('.cpuprofile') && !this.#before.has(name));
    const [first] = names.sort();
    return first === undefined ? undefined : join(this.#dir, first);
  }
}

export async function readProfile(file: string): Promise<CpuProfile> {
  return profileSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** The source of a place in a script of the bundle. */
export type Resolve = (url: string, line: number, column: number) => string | undefined;

/** @param dir where main.js and its chunks are, each with its source map beside it. */
export async function bundleResolver(dir: string): Promise<Resolve> {
  const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.js.map'));
  const maps = new Map<string, SourceMap>();
  for (const name of names) {
    const parsed = mapSchema.parse(JSON.parse(await readFile(join(dir, name), 'utf8')));
    const map = new SourceMap({ file: '', sourceRoot: '', sourcesContent: [], ...parsed });
    maps.set(pathToFileURL(join(dir, name.replace(/\.map$/, ''))).href, map);
  }
  return (url, line, column) => {
    const entry = maps.get(url)?.findEntry(line, column);
    return entry !== undefined && 'originalSource' in entry ? entry.originalSource : undefined;
  };
}

/** What of a path is worth showing: `undici/lib/dispatcher/client-h1.js`, `src/acronis/batch.ts`. */
export function shortSource(path: string): string {
  const inPackage = /.*node_modules\/(.+)$/.exec(path)?.[1];
  return inPackage ?? /(?:^|\/)(src\/.+)$/.exec(path)?.[1] ?? path;
}

/** Which layer a function belongs to, as the documentation names them. */
export function groupOf({ name, source }: Frame): string {
  if (name === '(garbage collector)') return 'garbage collection (main thread)';
  if (name === 'parse' && source === '') return 'JSON (native)';
  if (name === 'stringify' && source === '') return 'JSON (native)';
  if (name === '(program)') return 'native code and system calls';
  if (source.startsWith('node:')) {
    if (/tls|_tls|crypto/.test(source)) return 'TLS (node)';
    if (/net|stream|http|dns|buffer/.test(source)) return 'sockets and streams (node)';
    return 'timers, promises, events (node)';
  }
  const ours = /^src\/([^/]+)/.exec(source)?.[1];
  if (ours !== undefined) return `ours: ${ours.replace(/\.ts$/, '')}`;
  if (source === '') return 'native code and system calls';
  return source
    .split('/')
    .slice(0, source.startsWith('@') ? 2 : 1)
    .join('/');
}

export function timeSpent(profile: CpuProfile, resolve: Resolve): TimeSpent {
  const frames = new Map<number, Frame>();
  for (const { id, callFrame } of profile.nodes) {
    const { functionName, url, lineNumber, columnNumber } = callFrame;
    const mapped = resolve(url, lineNumber, columnNumber);
    frames.set(id, { name: functionName || '(anonymous)', source: mapped === undefined ? url : shortSource(mapped) });
  }
  const [groups, functions] = [new Map<string, number>(), new Map<string, number>()];
  let [totalMs, idleMs] = [0, 0];
  for (const [i, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    const ms = (profile.timeDeltas[i] ?? 0) / 1000;
    if (frame === undefined || ms <= 0) continue;
    if (frame.name === '(idle)') {
      idleMs += ms;
      continue;
    }
    totalMs += ms;
    add(groups, groupOf(frame), ms);
    add(functions, `${frame.name}${frame.source === '' ? '' : `  ${frame.source}`}`, ms);
  }
  return { totalMs, idleMs, byGroup: largest(groups), byFunction: largest(functions) };
}

/** @param objects that the time was spent on. */
export function profileText({ totalMs, byGroup, byFunction }: TimeSpent, objects: number, most = 30): string {
  const show = ([name, ms]: readonly [string, number]) =>
    `  ${((ms / totalMs) * 100).toFixed(1).padStart(5)} %  ${((ms / objects) * 1000).toFixed(1).padStart(7)} µs  ${name}`;
  return [
    `main thread: ${totalMs.toFixed(0)} ms busy, ${(totalMs / objects).toFixed(3)} ms per object, by the clock (start, profiler, and what others took of the core included: the shares mean more than the times)`,
    'by layer, self time per object:',
    ...byGroup.map(show),
    'by function:',
    ...byFunction.slice(0, most).map(show),
  ].join('\n');
}

const add = (map: Map<string, number>, key: string, ms: number): void => void map.set(key, (map.get(key) ?? 0) + ms);
const largest = (map: Map<string, number>): [string, number][] => [...map].sort((a, b) => b[1] - a[1]);
