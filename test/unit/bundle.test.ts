/**
 * The bundle has parts of some packages only (scripts/package-parts.ts). What src imports of them must be among the names there; otherwise the sources run and the
 * bundle cannot be built.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageParts } from '../../scripts/package-parts.ts';

const root = join(import.meta.dirname, '../..');
const sources = globSync('src/**/*.ts', { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8'));

/** Names that a source needs of a package at run time. */
function namesIn(source: string, name: string): string[] {
  const imports = new RegExp(`^(?:import|export)\\s+([^;]*?)\\s+from\\s+'${name}'`, 'gms');
  return [...source.matchAll(imports)].flatMap(([, clause = '']) => {
    if (clause.startsWith('type ')) return [];
    const braces = /\{([^}]*)\}/.exec(clause)?.[1];
    if (braces === undefined || !clause.startsWith('{')) return [clause];
    return braces
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '' && !each.startsWith('type '))
      .map((each) => each.replace(/\s+as\s+.*/, ''));
  });
}

it.for([...packageParts.keys()])('the parts of %s are the names that src imports of it', (name) => {
  const imported = new Set(sources.flatMap((source) => namesIn(source, name)));
  expect([...imported].sort()).toEqual(Object.keys(packageParts.get(name) ?? {}).sort());
});

it('a type is not asked for, a value and a whole module are', () => {
  expect(namesIn("import { Agent, type Dispatcher, Pool as P } from 'undici';", 'undici')).toEqual(['Agent', 'Pool']);
  expect(namesIn("import type { Dispatcher } from 'undici';", 'undici')).toEqual([]);
  expect(namesIn("import * as undici from 'undici';", 'undici')).toEqual(['* as undici']);
  expect(namesIn("import {\n  Agent,\n  Client,\n} from 'undici';", 'undici')).toEqual(['Agent', 'Client']);
});
