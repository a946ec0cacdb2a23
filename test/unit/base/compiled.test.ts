import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { compiled } from '../../../src/base/compiled.ts';

const schema = z.object({ id: z.string().toLowerCase(), of: z.array(z.int()).nullish().catch(undefined) });

it('parses and refuses as the schema does, with the same sentences', () => {
  const parser = compiled(schema);
  expect(parser).not.toBe(schema);
  for (const raw of [{ id: 'A', of: [1] }, { id: 'A', of: 'x', more: 1 }, { id: 1 }, {}, null])
    expect(parser.safeParse(raw)).toEqual(schema.safeParse(raw));
});

it('refuses a schema of which zod can make no function, as soon as it is loaded', () => {
  expect(() => compiled(z.string().refine(async () => true))).toThrow(z.ZodCompileAsyncError);
});

it('is the schema itself where Node may not make code', () => {
  const source = `
    import * as z from 'zod';
    import { compiled } from ${JSON.stringify(join(import.meta.dirname, '../../../src/base/compiled.ts'))};
    const schema = z.object({ id: z.string() });
    console.log(compiled(schema) === schema, schema.parse({ id: 'a' }).id);`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', source];
  expect(execFileSync(process.execPath, flags, { encoding: 'utf8' })).toBe('true a\n');
});
