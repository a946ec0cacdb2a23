/**
 * `npm run generate:messages` writes the sentences of conditions into docs/reference/messages.md, from the table of causes and from the code: see sentences.ts.
 * With --check it only says, by its exit code, whether they are current.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { report, writeOrCheck } from './generated-files.ts';
import { withSentences } from './messages-page.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = 'docs/reference/messages.md';
const check = process.argv.includes('--check');
const files = new Map([[page, withSentences(await readFile(`${root}/${page}`, 'utf8'), root)]]);
report(await writeOrCheck({ root, files }, check), check, 'npm run generate:messages');
