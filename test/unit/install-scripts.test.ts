import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as z from 'zod';

const read = async <T>(file: string, schema: z.ZodType<T>): Promise<T> =>
  schema.parse(JSON.parse(await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')));

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional(), dev: z.boolean().optional() })),
});

it('no dependency runs a script at install but those that package.json names, and none of them is part of the operator', async () => {
  const { allowScripts } = await read('package.json', z.object({ allowScripts: z.record(z.string(), z.boolean()) }));
  const { packages } = await read('package-lock.json', lockSchema);
  const withScript = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);
  expect(withScript.map(([path]) => path.replace('node_modules/', '')).toSorted()).toEqual(
    Object.keys(allowScripts).toSorted(),
  );
  expect(withScript.filter(([, { dev }]) => dev !== true)).toEqual([]);
});
