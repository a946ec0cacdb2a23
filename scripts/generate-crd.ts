/**
 * `npm run generate` writes the CRD made from src/api into crds/; with --check it only reports, by its exit code, whether the file is current.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { customResourceDefinition } from '../src/api/crd.ts';

const file = new URL('../crds/tenantuserupsells.upsell.acronis.com.yaml', import.meta.url);
const text = `# Generated from src/api by \`npm run generate\`. Do not edit.\n${stringify(customResourceDefinition(), { lineWidth: 120 })}`;

if (process.argv.includes('--check')) {
  const current = await readFile(file, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('crds/ is not what src/api defines. Run `npm run generate` and commit the result.');
    process.exit(1);
  }
} else {
  await writeFile(file, text);
}
