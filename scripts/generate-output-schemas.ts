/**
 * `npm run generate:output-schemas` writes docs/reference/cli: the JSON schema of what each command prints with `--output json`, from src/cli/output/schemas.ts.
 * With --check it only says, by its exit code, whether they are current.
 */
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { outputSchemas } from '../src/cli/output/schemas.ts';
import { report, writeOrCheck } from './generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = 'docs/reference/cli';
const isCheck = process.argv.includes('--check');

const files = new Map(
  Object.entries(outputSchemas).map(([name, schema]) => [
    `${folder}/${name}.schema.json`,
    `${JSON.stringify(z.toJSONSchema(schema), undefined, 2)}\n`,
  ]),
);
const changed = await writeOrCheck({ root, files, ownedDirectories: [folder] }, isCheck);
report(changed, isCheck, 'npm run generate:output-schemas');
