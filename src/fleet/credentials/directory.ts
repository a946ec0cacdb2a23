/**
 * Credentials from mounted files: each is read whole, within bounds, and only where it is a plain file. What is wrong with one is said with its name;
 * whether an older set stays in use meanwhile is not decided here.
 */
import { constants, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type CredentialKey, credentialKeys } from '../../acronis/credentials.ts';
import { maxValueBytes, odd, toValue, type Value } from './values.ts';

export type FileValues = Readonly<Partial<Record<CredentialKey, Value>>>;

/** A mounted Secret is replaced whole, by its link `..data`; two states of it must not be read as one. */
export async function readDirectory(path: string): Promise<FileValues> {
  const current = () => realpath(join(path, '..data')).catch(() => path);
  for (let attempt = 1; ; attempt++) {
    const from = await current();
    const values = await Promise.all(credentialKeys.map((key) => readValue(join(from, key))));
    if (attempt < 3 && from !== (await current())) continue;
    return Object.fromEntries(credentialKeys.map((key, at) => [key, values[at]]));
  }
}

/** Undefined where there is no such file. */
async function readValue(path: string): Promise<Value | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory()) return odd('directory');
    if (!stat.isFile()) return odd('notAFile');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxValueBytes + 1), 0, maxValueBytes + 1, 0);
    if (bytesRead > maxValueBytes) return odd('tooLong', { bytes: String(stat.size) });
    if (bytesRead === 0) return odd('empty');
    return toValue(buffer.subarray(0, bytesRead));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    return odd('unreadable', { code });
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
