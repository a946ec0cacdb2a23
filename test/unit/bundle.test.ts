/**
 * The bundle has a small undici of its own (`onlyDispatchers` in scripts/build.ts). What src imports of undici must be among the names that it exports;
 * otherwise the sources run and the bundle cannot be built.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Names that a source needs of undici at run time. */
function namesIn(source: string): string[] {
  return [...source.matchAll(/^(?:import|export)\s+([^;]*?)\s+from\s+'undici'/gms)].flatMap(([, clause = '']) => {
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

const exported = new Set(
  [...read('scripts/build.ts').matchAll(/export (?:\{ default as (\w+) \}|const (\w+))/g)].map(
    ([, of, constant]) => of ?? constant,
  ),
);

it('exports every name that src imports of undici', () => {
  const imports = globSync('src/**/*.ts', { cwd: root }).flatMap((path) =>
    namesIn(read(path)).map((name) => ({ path, name })),
  );
  expect(imports.map(({ name }) => name)).toContain('Agent');
  expect(imports.filter(({ name }) => !exported.has(name))).toEqual([]);
});

it('a type is not asked for, a value and a whole module are', () => {
  expect(namesIn("import { Agent, type Dispatcher, Pool as P } from 'undici';")).toEqual(['Agent', 'Pool']);
  expect(namesIn("import type { Dispatcher } from 'undici';")).toEqual([]);
  expect(namesIn("import * as undici from 'undici';")).toEqual(['* as undici']);
  expect(namesIn("import {\n  Agent,\n  Client,\n} from 'undici';")).toEqual(['Agent', 'Client']);
});
