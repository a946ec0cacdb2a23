/** The bench works: a hundred objects through the scenarios that matter most, on a control plane of its own. No figure of it means anything. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, inject, it, onTestFinished } from 'vitest';
import { readReport } from '../../bench/report.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

it('measures a burst, edits, deletions and a restart from outside, and counts what the servers were asked', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-smoke-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const { stdout } = await execa(process.execPath, [main, '--quick'], {
    cwd: dir,
    env: { KUBEBUILDER_ASSETS: dirname(inject('programs').etcd) },
    stdin: 'ignore',
  });
  expect(stdout).toContain('burst, 100 objects');

  expect(await readFile(join(dir, 'bench-results.svg'), 'utf8')).toContain('burst, 100: CPU per object');
  const { samples, versions } = await readReport(join(dir, 'bench-results.json'));
  expect(versions.kubernetes).toMatch(/^v1\./);
  const figures = (phase: string) => samples.find((sample) => sample.phase === phase)?.figures;
  expect(samples.map((sample) => sample.phase)).toEqual(['burst', 'edit', 'delete', 'restart']);
  expect(figures('burst')).toMatchObject({ puts: 100, userPutTwice: 0, clusterWritesPerObject: 1 });
  expect(figures('burst')?.['cpuMsPerObject']).toBeGreaterThan(0);
  expect(figures('edit')).toMatchObject({ puts: 0, clusterWritesPerObject: 1 });
  expect(figures('delete')).toMatchObject({ puts: 0, clusterWritesPerObject: 0 });
  expect(figures('restart')).toMatchObject({ needlessWrites: 0 });
});
