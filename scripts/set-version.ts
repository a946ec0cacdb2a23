/**
 * Run by `npm version`: what bears the version and is not package.json follows it. The chart is edited, since its file is written by hand; the rest is generated from it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { chartPath, readPackage, withVersion } from './release/versions.ts';

const root = join(import.meta.dirname, '..');
const { version } = await readPackage(root);
const chart = join(root, chartPath, 'Chart.yaml');
await writeFile(chart, withVersion(await readFile(chart, 'utf8'), version));
for (const script of ['generate-chart.ts', 'generate-deploy.ts'])
  await execa(process.execPath, [join(root, 'scripts', script)], { stdio: 'inherit' });
