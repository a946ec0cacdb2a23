/** Programs that this machine has already. */
import { delimiter, join } from 'node:path';
import { missingFrom } from './cache.ts';

/** Where a program of this name is on PATH, the first one. */
export async function onPath(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  for (const dir of (env['PATH'] ?? '').split(delimiter)) {
    if (dir !== '' && (await missingFrom(dir, [name])).length === 0) return join(dir, name);
  }
  return undefined;
}
