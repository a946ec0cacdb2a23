/** The arrows of CONTRIBUTING's picture, tried one by one on the project's own lint settings. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const biome = join(dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin/biome');

/** Each floor of src, and what it may stand on. Everything else is above it or beside it. */
const floors: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ['base'],
  kubernetes: ['base'],
  acronis: ['base'],
  process: ['base'],
  observability: ['base'],
  runtime: ['base', 'kubernetes'],
  fleet: ['base', 'api', 'kubernetes', 'acronis', 'runtime'],
  controllers: ['base', 'api', 'kubernetes', 'acronis', 'runtime', 'fleet'],
  operator: [
    'base',
    'api',
    'kubernetes',
    'acronis',
    'runtime',
    'fleet',
    'controllers',
    'observability',
    'process',
    'config',
  ],
};

const places = [...Object.keys(floors), 'cli', 'config', 'main'];
const pathTo = (place: string): string => (place === 'main' ? `../${place}.ts` : `../${place}/thing.ts`);
const arrows = Object.entries(floors).flatMap(([floor, below]) =>
  places.filter((place) => place !== floor).map((place) => ({ floor, place, isAllowed: below.includes(place) })),
);
const allowed = [
  ...arrows.filter((arrow) => arrow.isAllowed).map(({ floor, place }) => [floor, pathTo(place)] as const),
  ...Object.keys(floors).map((floor) => [floor, './own.ts'] as const),
  // It implements what others own.
  ...['acronis', 'fleet', 'controllers/upsell'].map((owner) => ['observability', `../${owner}/metrics.ts`] as const),
];
const refused = [
  ...arrows.filter((arrow) => !arrow.isAllowed).map(({ floor, place }) => [floor, pathTo(place)] as const),
  // Deeper folders are of their floor.
  ['runtime/reflector', '../../acronis/errors.ts'],
  ['controllers/upsell', '../../operator/build.ts'],
] as const;

const fileOf = (layer: string, from: string) => `src/${layer}/imports-${from.replaceAll(/\W+/g, '-')}.ts`;

/** All that the lint says of a project that has one file for each arrow. */
let said = '';
beforeAll(async () => {
  const project = await mkdtemp(join(tmpdir(), 'upsell-layers-'));
  afterAll(() => rm(project, { recursive: true }));
  await copyFile(join(root, 'biome.json'), join(project, 'biome.json'));
  for (const [layer, from] of [...refused, ...allowed]) {
    await mkdir(join(project, 'src', layer), { recursive: true });
    await writeFile(
      join(project, fileOf(layer, from)),
      `import type { It } from '${from}';\n\nexport type Same = It;\n`,
    );
  }
  const args = [biome, 'lint', '--vcs-enabled=false', '--max-diagnostics=none', '--colors=off', '.'];
  ({ all: said } = await execa(process.execPath, args, { cwd: project, all: true, reject: false }));
}, 30_000);

const complains = (layer: string, from: string) =>
  said
    .split('\n')
    .some((line) => line.startsWith(fileOf(layer, from)) && line.includes('lint/style/noRestrictedImports'));

describe('the layers', () => {
  it.each(refused)('src/%s may not import %s', (layer, from) => {
    expect(complains(layer, from)).toBe(true);
  });

  it.each(allowed)('src/%s may import %s', (layer, from) => {
    expect(complains(layer, from)).toBe(false);
  });

  it('a wrong arrow is an error, so that the lint fails', async () => {
    const settings = await readFile(join(root, 'biome.json'), 'utf8');
    expect(settings.match(/"noRestrictedImports": \{\s*"level": "error"/g)).toHaveLength(
      Object.keys(floors).length + 1,
    );
  });
});
