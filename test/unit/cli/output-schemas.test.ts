import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { planOf } from '../../../src/cli/plan/summary.ts';
import { outputProblems } from '../../support/output-schema.ts';

const root = join(import.meta.dirname, '../../..');

it('the schemas of docs/reference/cli are what the outputs are described by', async () => {
  await promisify(execFile)(process.execPath, ['scripts/generate-output-schemas.ts', '--check'], { cwd: root });
});

const object = {
  namespace: 'sales',
  name: 'john',
  action: 'none',
  reason: 'BuyerAssigned',
  message: 'The user has the types.',
} as const;

it('a field that is not described, and a word that is none of those described, are seen', async () => {
  const whole = planOf([object], []);
  expect(await outputProblems('plan', JSON.stringify(whole))).toEqual([]);
  const more = { ...whole, objects: [{ ...object, login: 'john' }] };
  expect(await outputProblems('plan', JSON.stringify(more))).toHaveLength(1);
  const other = { ...whole, objects: [{ ...object, action: 'destroy' }] };
  expect(await outputProblems('plan', JSON.stringify(other))).toHaveLength(1);
});
