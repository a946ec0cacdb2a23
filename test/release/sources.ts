/** What a bundle was made from, as its source maps have it. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import * as z from 'zod';

const mapSchema = z.object({ sources: z.array(z.string()) });

/** As paths in the checkout that the bundle was built in, each once. */
export async function sourcesIn(app: string): Promise<readonly string[]> {
  const maps = (await readdir(app, { recursive: true })).filter((name) => name.endsWith('.js.map'));
  const all = maps.map(async (name) => {
    const { sources } = mapSchema.parse(JSON.parse(await readFile(join(app, name), 'utf8')));
    return sources.map((source) => normalize(join('dist', dirname(name), source)));
  });
  return [...new Set((await Promise.all(all)).flat())];
}
