/**
 * Manifests as they stand in files, directories and standard input. What cannot be read is an error that names the file; nothing of a file's contents is in it.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandError } from '../end.ts';

export interface Source {
  /** For messages: the path, or `standard input`. */
  readonly name: string;
  readonly text: string;
}

/** Of one file. An etcd holds no object of more than 1.5 MiB, so this is thousands of them. */
const maxBytes = 64 * 1_048_576;
const manifests = /\.(ya?ml|json)$/;

/** @throws CommandError */
export async function readSources(paths: readonly string[], stdin: Readable): Promise<readonly Source[]> {
  const found: Source[] = [];
  for (const path of paths) {
    if (path === '-') found.push({ name: 'standard input', text: await textOf(stdin, 'standard input') });
    else for (const file of await filesOf(path)) found.push({ name: file, text: await readText(file) });
  }
  return found;
}

/** Of a directory: its manifests, in the order of their names, without those of the directories in it, as `kubectl apply -f`. */
async function filesOf(path: string): Promise<readonly string[]> {
  const isDirectory = await stat(path).then(
    (each) => each.isDirectory(),
    (error: unknown) => {
      throw unreadable(path, error);
    },
  );
  if (!isDirectory) return [path];
  const names = await readdir(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const files = names.filter((name) => manifests.test(name)).toSorted();
  if (files.length === 0)
    throw new CommandError(`${path} has no file that ends in .yaml, .yml or .json. Name a directory of manifests.`);
  return files.map((name) => join(path, name));
}

async function readText(path: string): Promise<string> {
  return await textOf(createReadStream(path), path);
}

async function textOf(stream: Readable, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      bytes += buffer.length;
      if (bytes > maxBytes)
        throw new CommandError(`${name} has more than ${maxBytes / 1_048_576} MiB. Give it in several files.`);
      chunks.push(buffer);
    }
  } catch (error) {
    throw error instanceof CommandError ? error : unreadable(name, error);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}

function unreadable(path: string, error: unknown): CommandError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'you may not read it',
    EISDIR: 'it is a directory',
  };
  return new CommandError(
    `${path} cannot be read: ${why[code] ?? code}. Correct the path, or write - for standard input.`,
  );
}
