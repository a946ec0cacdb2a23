/** What a command printed for programs, held against the schema that docs/reference/cli publishes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { outputSchemas } from '../../src/cli/output/schemas.ts';

const folder = join(import.meta.dirname, '../../docs/reference/cli');

/** What is wrong with `output`, one line each: nothing where it is as the schema says. */
export async function outputProblems(name: keyof typeof outputSchemas, output: string): Promise<readonly string[]> {
  const schema: unknown = JSON.parse(await readFile(join(folder, `${name}.schema.json`), 'utf8'));
  if (typeof schema !== 'object' || schema === null) throw new Error(`${name} has no schema`);
  // Each format has its pattern beside it.
  const validate = new Ajv2020({ allErrors: true, validateFormats: false }).compile(schema);
  validate(JSON.parse(output));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
