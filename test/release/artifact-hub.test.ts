/** The chart by Artifact Hub's own linter. The linter asks for so much that it is built only where the whole proof is asked for. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { artifactHubLinter } from '../../tools/artifacthub/programs.ts';
import { createProgress } from '../../tools/progress.ts';
import { temporary } from './pulled.ts';
import { isQuick, root } from './stage.ts';

/** Once, and then it is in the cache. */
const buildMs = 20 * 60_000;

it.skipIf(isQuick)(
  'Artifact Hub lists the chart, and would not with a category that it does not know',
  async ({ signal }) => {
    const linter = await artifactHubLinter(createProgress(), signal);
    const lint = (path: string) =>
      execa(linter, ['lint', '--kind=helm', `--path=${path}`], { all: true, reject: false });
    const charts = join(root, 'deploy/helm');
    const listed = await lint(charts);
    expect(listed.exitCode, listed.all).toBe(0);
    expect(listed.all).toContain('1 package(s) found, 0 package(s) with errors');
    for (const shown of [
      'Operator: true',
      'Operator capabilities: deep insights',
      'Readme: PROVIDED',
      'Values schema: PROVIDED',
    ])
      expect(listed.all).toContain(`✓ ${shown}`);

    const wrong = await temporary();
    await cp(charts, wrong, { recursive: true });
    const file = join(wrong, 'acronis-upsell-operator/Chart.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/category: .*/, 'category: sales'));
    const refused = await lint(wrong);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.all).toContain('category');
  },
  buildMs,
);
