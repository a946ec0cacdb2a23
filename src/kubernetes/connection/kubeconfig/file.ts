/**
 * Kubeconfig files read and merged as kubectl does it: of several files the first to name a thing wins, files that are not there or empty are skipped, and paths in
 * a file are relative to its folder. Contents of the files never get into a message.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CORE_SCHEMA, loadAll, mergeTag } from 'js-yaml';
import * as z from 'zod';
import { entrySchema, faultOf, fileSchema } from './schema.ts';

/** The configuration cannot be used. The message is one sentence that says why, and one that says what to do. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** A named cluster, user or context as it was written. It is parsed where it is used. */
export interface Entry {
  readonly value: unknown;
  /** What relative paths in it start from. */
  readonly folder: string;
}

export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
  readonly contexts: ReadonlyMap<string, Entry>;
  /** '' where no file names one. */
  readonly currentContext: string;
}

/**
 * @param from who named the files: `--kubeconfig`, `KUBECONFIG`, …
 * @returns undefined where every file is missing or empty.
 * @throws KubeconfigError for a file that is there and cannot be read or parsed.
 */
export function readKubeconfig(paths: readonly string[], from: string): Kubeconfig | undefined {
  const parsed = paths.map((path) => parse(path, from)).filter((file) => file !== undefined);
  if (parsed.length === 0) return undefined;
  const merged = (lists: readonly ReadonlyMap<string, Entry>[]) =>
    new Map(lists.toReversed().flatMap((map) => [...map]));
  return {
    clusters: merged(parsed.map((file) => file.clusters)),
    users: merged(parsed.map((file) => file.users)),
    contexts: merged(parsed.map((file) => file.contexts)),
    currentContext: parsed.map((file) => file.currentContext).find((name) => name !== '') ?? '',
  };
}

function parse(path: string, from: string): Kubeconfig | undefined {
  const unusable = (why: string) =>
    new KubeconfigError(
      `The kubeconfig ${path} (${from}) cannot be used: ${why}. Correct it, or name another with --kubeconfig.`,
    );
  const text = read(path, unusable)?.replace(/^\uFEFF/, '') ?? '';
  if (text.trim() === '') return undefined;
  const { data, error } = fileSchema.safeParse(documentIn(text, unusable) ?? {});
  if (data === undefined) throw unusable(faultOf(error));
  const folder = dirname(resolve(path));
  const byName = (field: 'clusters' | 'users' | 'contexts', key: 'cluster' | 'user' | 'context') => {
    const entries = new Map<string, Entry>();
    for (const item of data[field]) {
      const { data: entry } = entrySchema.loose().safeParse(item);
      if (entry === undefined) continue;
      if (entries.has(entry.name)) throw unusable(`its ${field} name ${entry.name} twice`);
      entries.set(entry.name, { value: entry[key] ?? {}, folder });
    }
    return entries;
  };
  return {
    clusters: byName('clusters', 'cluster'),
    users: byName('users', 'user'),
    contexts: byName('contexts', 'context'),
    currentContext: data['current-context'],
  };
}

const yamlError = z.object({ name: z.literal('YAMLException'), mark: z.object({ line: z.number() }) });
const yamlSchema = CORE_SCHEMA.withTags(mergeTag);

/** JSON first: it may be indented with tabs, which YAML forbids. */
function documentIn(text: string, unusable: (why: string) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return loadAll(text, { schema: yamlSchema })[0];
    } catch (error) {
      // Messages of the YAML parser quote the file, and with it perhaps a token; its line number does not.
      const { data } = yamlError.safeParse(error);
      throw unusable(`it is not valid YAML${data === undefined ? '' : ` (line ${data.mark.line + 1})`}`);
    }
  }
}

function read(path: string, unusable: (why: string) => Error): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(whyUnreadable(error));
  }
}

/** Why a file could not be read, in words. */
export function whyUnreadable(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a directory';
    case 'EACCES':
    case 'EPERM':
      return 'this process may not read it';
    case 'ENOTDIR':
      return 'a part of its path is no directory';
    default:
      return `it cannot be read (${code ?? 'for an unknown reason'})`;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
