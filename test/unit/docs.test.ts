/** The documentation is held against the code: what it names exists, and what exists is named. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { accountReasons, feedReasons, meaningOfAccount, meaningOfFeed } from '../../src/api/account/conditions.ts';
import { accountSpecSchema } from '../../src/api/account/spec.ts';
import { accountStatusSchema } from '../../src/api/account/status.ts';
import { meaningOf, reasons } from '../../src/api/conditions.ts';
import { structural } from '../../src/api/crd.ts';
import { informedReasons, meaningOfInformed } from '../../src/api/informed.ts';
import { meaningOfPolicy, policyReasons } from '../../src/api/policy/conditions.ts';
import { policySpecSchema } from '../../src/api/policy/spec.ts';
import { policyStatusSchema } from '../../src/api/policy/status.ts';
import { specSchema } from '../../src/api/spec.ts';
import { statusSchema } from '../../src/api/status.ts';
import { addSettings } from '../../src/config/config.ts';
import { pageOfAllMetrics } from '../support/page-of-all-metrics.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git']);
const pages = readdirSync(root, { withFileTypes: true })
  .filter((entry) => !notOurs.has(entry.name))
  .flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map((path) => join(entry.name, path))
      : [entry.name],
  )
  .filter((path) => path.endsWith('.md') && !path.includes('node_modules') && !path.startsWith('site/dist'));

/** The rows of a page's tables as cells, without headings and rulers. A `|` inside a cell is written as `\|`. */
function rows(page: string): readonly (readonly string[])[] {
  const lines = read(page).split('\n');
  const isRow = (line: string | undefined) => line?.startsWith('|') === true;
  const isRuler = (line: string | undefined) => line !== undefined && /^\|[-| ]+\|$/.test(line);
  return lines
    .filter((line, at) => isRow(line) && !isRuler(line) && !isRuler(lines[at + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** What stands in backticks in a cell. */
const codes = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
const isText = (value: string | undefined): value is string => value !== undefined;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** As GitHub makes the anchor of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll('`', '')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchors = (page: string): string[] =>
  [...read(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => anchor(heading ?? ''));

/** Without code blocks, in which brackets are not links. */
const prose = (page: string): string => read(page).replace(/^```[\s\S]*?^```/gm, '');

describe('every page', () => {
  test.each(pages)('%s links to what is there', (page) => {
    const broken = [...prose(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)]
      .map(([, link]) => link ?? '')
      .filter((link) => {
        const [path = '', heading] = link.split('#');
        const target = path === '' ? page : normalize(join(dirname(page), path));
        if (!existsSync(join(root, target))) return true;
        return heading !== undefined && target.endsWith('.md') && !anchors(target).includes(heading);
      });
    expect(broken).toEqual([]);
  });

  test.each(pages)('%s names npm scripts that package.json has', (page) => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const named = [...read(page).matchAll(/npm run (?:--silent )?([a-z]+(?:[:-]\w+)*)/g)]
      .map(([, name]) => name)
      .filter(isText);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  test.each(pages)('%s names files and folders of this project that are there', (page) => {
    const folders = 'src|sandbox|tools|scripts|test|docs|crds|deploy|bench';
    const named = codes(prose(page).replaceAll('\n', ' ')).filter((code) =>
      new RegExp(`^(?:${folders})(?:/[\\w./-]*)?$`).test(code),
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

test('every page of docs is reached from its index', () => {
  const index = prose('docs/README.md');
  const unreached = pages
    .filter((page) => page.startsWith('docs/') && page !== 'docs/README.md')
    .filter((page) => !index.includes(`(${relative('docs', page)})`));
  expect(unreached).toEqual([]);
});

describe('settings', () => {
  const { options } = addSettings(new Command('run'));
  const table = rows('docs/reference/settings.md').map(([flag, variable, byDefault]) => ({
    flag: codes(flag)[0],
    variable: codes(variable)[0],
    byDefault: byDefault === '–' ? '' : codes(byDefault)[0],
  }));

  test('the page has every flag, with its variable and default, and no other', () => {
    const real = options.map((option) => ({
      flag: option.long,
      // KUBECONFIG gives way to the pod's service account, so commander does not know of it.
      variable: option.long === '--kubeconfig' ? 'KUBECONFIG' : option.envVar,
      byDefault:
        option.defaultValueDescription ?? (option.defaultValue === undefined ? '' : String(option.defaultValue)),
    }));
    expect(real.length).toBeGreaterThan(10);
    expect(table.filter(({ flag }) => flag !== undefined)).toEqual(real);
  });

  test('the variables without a flag are the credentials', () => {
    expect(table.filter(({ flag }) => flag === undefined).map(({ variable }) => variable)).toEqual([
      'ACRONIS_URL',
      'ACRONIS_CLIENT_ID',
      'ACRONIS_CLIENT_SECRET',
    ]);
  });

  test.each(pages)('%s names flags that there are', (page) => {
    const known = new Set(options.map((option) => option.long));
    const ours =
      /(?<![\w-])--(?:acronis|account|allow-insecure|concurrency|drift|resync|revoke|require|watch-|leader|metrics-bind|health|kubeconfig|log-|shutdown)[a-z-]*/g;
    expect((read(page).match(ours) ?? []).filter((flag) => !known.has(flag))).toEqual([]);
  });
});

describe('reasons', () => {
  const cells = (page: string) => rows(page).filter(([reason]) => reasons.some((each) => reason === `\`${each}\``));

  test.each(['README.md', 'docs/reference/api.md'])('%s has every reason once, with what Ready is', (page) => {
    const told = cells(page).map(([reason, ready]) => `${codes(reason)[0]} ${ready?.split(',')[0]}`);
    expect(told.toSorted()).toEqual(reasons.map((reason) => `${reason} ${meaningOf(reason).ready}`).toSorted());
  });

  test('both pages say which are stalled', () => {
    const stalled = reasons.filter((reason) => meaningOf(reason).stalled);
    const inReadme = cells('README.md').filter(([, ready]) => ready?.includes('Stalled') === true);
    const inReference = cells('docs/reference/api.md').filter(([, , told]) => told === 'True');
    expect(inReadme.flatMap(([reason]) => codes(reason)).toSorted()).toEqual(stalled.toSorted());
    expect(inReference.flatMap(([reason]) => codes(reason)).toSorted()).toEqual(stalled.toSorted());
  });

  test('no page tables a reason that there is not', () => {
    const table = rows('docs/reference/api.md').filter(
      ([reason, status]) => /^`[A-Z]/.test(reason ?? '') && /^(True|False|Unknown)$/.test(status ?? ''),
    );
    const tabled = table.flatMap(([reason]) => codes(reason));
    expect(tabled.toSorted()).toEqual([...reasons, ...informedReasons].toSorted());
  });

  test('of Informed are tabled with their status', () => {
    const table = rows('docs/reference/api.md').map(([reason, status]) => `${codes(reason)[0]} ${status}`);
    for (const reason of informedReasons) expect(table).toContain(`${reason} ${meaningOfInformed(reason).status}`);
  });
});

describe('reasons of accounts', () => {
  const table = (page: string) => rows(page).filter(([reason]) => /^`[A-Z]/.test(reason ?? ''));
  const real = [
    ...accountReasons.map((reason) => `${reason} ${meaningOfAccount(reason).status}`),
    ...feedReasons.map((reason) => `${reason} ${meaningOfFeed(reason)}`),
  ].toSorted();

  test('account.md has every one, with what its condition is, and no other', () => {
    const told = table('docs/reference/account.md').map(([reason, status]) => `${codes(reason)[0]} ${status}`);
    expect(told.toSorted()).toEqual(real);
  });

  test('account.md says which are stalled', () => {
    const told = table('docs/reference/account.md').filter(([, , stalled]) => stalled === 'True');
    expect(told.flatMap(([reason]) => codes(reason)).toSorted()).toEqual(
      accountReasons.filter((reason) => meaningOfAccount(reason).stalled).toSorted(),
    );
  });
});

test('policy.md has every reason of a policy, with what Ready and Stalled are, and no other', () => {
  const told = rows('docs/reference/policy.md')
    .filter(([reason]) => policyReasons.some((each) => reason === `\`${each}\``))
    .map(([reason, status, stalled]) => `${codes(reason)[0]} ${status} ${stalled === 'True'}`);
  const real = policyReasons.map((reason) => {
    const { status, stalled } = meaningOfPolicy(reason);
    return `${reason} ${status} ${stalled}`;
  });
  expect(told.toSorted()).toEqual(real.toSorted());
});

describe('fields', () => {
  /** `spec.a`, `spec.a.b`, `status.c[].d`. */
  const paths = (schema: unknown, path: string): string[] => {
    if (!isRecord(schema)) return [];
    const { properties, items } = schema;
    const below = Object.entries(isRecord(properties) ? properties : {}).flatMap(([name, field]) => [
      `${path}.${name}`,
      ...paths(field, `${path}.${name}`),
    ]);
    return [...below, ...paths(items, `${path}[]`)];
  };

  test.each([
    ['api.md', specSchema, statusSchema],
    ['account.md', accountSpecSchema, accountStatusSchema],
    ['policy.md', policySpecSchema, policyStatusSchema],
  ])('%s has every field of the CRD, and no other', (page, spec, status) => {
    const real = [...paths(structural(spec, 'spec'), 'spec'), ...paths(structural(status, 'status'), 'status')];
    const told = rows(`docs/reference/${page}`).flatMap(([field]) =>
      codes(field).filter((code) => /^(spec|status)\./.test(code)),
    );
    expect(told.toSorted()).toEqual(real.toSorted());
  });
});

describe('metrics', () => {
  test('metrics.md has every metric, with type and labels, and no other', async () => {
    const text = await pageOfAllMetrics();
    const real = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => {
      const series = new RegExp(`^${name}(?:_count)?\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? '';
      const labels = [...series.matchAll(/(\w+)="/g)].map(([, label]) => label);
      return `${name} ${type} ${labels.join()}`;
    });
    expect(real.length).toBeGreaterThan(20);
    const told = rows('docs/reference/metrics.md').map(
      ([name, type, labels]) => `${codes(name)[0]} ${type} ${codes(labels).join()}`,
    );
    expect(told.toSorted()).toEqual(real.toSorted());
  });
});

test('docs/dependencies.md has a reason for each package that the operator has at run time, and for no other', () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  const named = rows('docs/dependencies.md').flatMap(([name]) => codes(name));
  expect(named.toSorted()).toEqual(Object.keys(dependencies).toSorted());
});

describe.each(['docs/demo.svg', 'docs/cli.svg'])('%s', (file) => {
  const picture = read(file);

  test('loads nothing, and shows what happened', () => {
    expect(picture).toContain('BuyerAssigned');
    // What it shows as text may name a URL.
    const markup = picture.replace('http://www.w3.org/2000/svg', '').replaceAll(/>[^<]*</g, '><');
    expect(markup).not.toMatch(/https?:|href|<script|<style|@import|url\(/);
  });

  test('keeps its columns: the spaces of each line count', () => {
    // Inherited from a group they do not: browsers set it for each text.
    const lines = [...picture.matchAll(/<text ([^>]*)>[^<]* {2,}[^<]*</g)].map(([, attributes]) => attributes);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((attributes) => attributes?.includes('white-space:pre') !== true)).toEqual([]);
  });
});

test('messages.md names log messages that the code has', () => {
  const source = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n');
  // A message whose end depends on what is known is a template in the code: its parts are.
  const named = rows('docs/reference/messages.md')
    .filter(([level]) => level === 'warn' || level === 'error')
    .flatMap(([, message]) => codes(message).flatMap((code) => code.split('; ')));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((part) => !source.includes(part))).toEqual([]);
});
