/** What workflows may do, and what they run: nothing that somebody else can exchange, and no right that is not named. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const root = join(import.meta.dirname, '../../..');
const files = globSync('.github/workflows/*.yml', { cwd: root });
const jobSchema = z.object({
  uses: z.string().optional(),
  'timeout-minutes': z.number().optional(),
  steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })).default([]),
});
const schema = z.object({ permissions: z.record(z.string(), z.string()), jobs: z.record(z.string(), jobSchema) });
const read = (file: string) => readFileSync(join(root, file), 'utf8');

it('there is a workflow for each purpose', () => {
  for (const name of ['ci', 'release', 'codeql', 'scorecard']) expect(files).toContain(`.github/workflows/${name}.yml`);
});

describe.each(files)('%s', (file) => {
  const { permissions, jobs } = schema.parse(parse(read(file)));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('names every action by the digest of a commit, with its version to read', () => {
    const lines = [...read(file).matchAll(/uses: (\S+)(.*)$/gm)].filter(([, name]) => name?.startsWith('./') !== true);
    for (const [, name, comment] of lines) {
      expect(name).toMatch(/^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/);
      expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
  });

  it('may read the repository, and no more but what a job names', () => {
    expect(permissions).toEqual({ contents: 'read' });
  });

  it('puts no text that others write into a shell', () => {
    for (const { run } of steps) expect(run ?? '').not.toMatch(/\$\{\{/);
  });

  it('ends each of its jobs in time', () => {
    for (const [name, job] of Object.entries(jobs))
      expect(job.uses !== undefined || job['timeout-minutes'] !== undefined, name).toBe(true);
  });
});

it('every action is used in one version', () => {
  const versions = new Map<string, Set<string>>();
  for (const file of files)
    for (const [, name = '', digest = ''] of read(file).matchAll(/uses: ([\w-]+\/[\w-]+)(?:\/[\w-]+)?@(\S+)/g))
      versions.set(name, (versions.get(name) ?? new Set()).add(digest));
  expect(versions.size).toBeGreaterThan(4);
  expect([...versions].filter(([, digests]) => digests.size > 1)).toEqual([]);
});

it('Renovate moves what is pinned: npm, Go, Actions and base images, the latter two by digest', () => {
  const renovate = z
    .object({ extends: z.array(z.string()), enabledManagers: z.array(z.string()) })
    .parse(JSON.parse(read('renovate.json')));
  expect(renovate.enabledManagers).toEqual(expect.arrayContaining(['npm', 'gomod', 'github-actions', 'dockerfile']));
  expect(renovate.extends).toEqual(expect.arrayContaining(['helpers:pinGitHubActionDigests', 'docker:pinDigests']));
});
