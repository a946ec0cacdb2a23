/** What the site is made of, without building it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { translate } from '../../../site/paths.ts';
import { stage } from '../../../site/stage.ts';
import { versionsOf } from '../../../site/versions.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the versions of the site', () => {
  it('before the first release are the tree alone, at the root', () => {
    expect(versionsOf([])).toEqual([{ label: 'next', path: '' }]);
    expect(versionsOf(['v1.0.0-rc.1', 'vendor', ''])).toEqual([{ label: 'next', path: '' }]);
  });

  it('are the newest patch of each minor, the newest release at the root, and the tree', () => {
    expect(versionsOf(['v0.9.1', 'v0.10.0', 'v0.9.10', 'v0.9.2'])).toEqual([
      { label: '0.10.0', path: '', tag: 'v0.10.0' },
      { label: '0.9.10', path: 'v0.9.10/', tag: 'v0.9.10' },
      { label: 'next', path: 'next/' },
    ]);
  });
});

describe('a link', () => {
  const all = new Set([
    'README.md',
    'docs/README.md',
    'docs/a.svg',
    'docs/guide/b.md',
    'deploy/samples/c.yaml',
    'LICENSE',
  ]);
  const onSite = (text: string) => translate('docs/guide/b.md', text, all);

  it.each([
    ['[a](../../README.md#try-it)', '[a](/index.md#try-it)'],
    ['[a](../README.md)', '[a](/contents.md)'],
    ['[a](../../deploy/samples)', '[a](/samples.md)'],
    ['[a](../../deploy/samples/c.yaml)', '[a](/samples.md#cyaml)'],
    ['[a](#here)', '[a](#here)'],
    ['[a](https://example.com/x)', '[a](https://example.com/x)'],
  ])('%s is %s on the site', (text, expected) => {
    expect(onSite(text).text).toBe(expected);
  });

  it('to a file that is no page brings the file along', () => {
    expect(onSite('[a](../../LICENSE) ![b](../a.svg)')).toEqual({
      text: '[a](/files/LICENSE.txt) ![b](/a.svg)',
      files: new Map([
        ['public/files/LICENSE.txt', 'LICENSE'],
        ['a.svg', 'docs/a.svg'],
      ]),
    });
  });

  it('in a block of code stays as it is', () => {
    const text = '```sh\necho "[a](nowhere.md)"\n```';
    expect(onSite(text).text).toBe(text);
  });

  it('stands in no comment: those are not shown', () => {
    expect(onSite('<!-- made from [a](nowhere.md) -->\n| a |').text).toBe('\n| a |');
  });

  it('that leads to nothing stops the build with a sentence that names page and link', () => {
    expect(() => onSite('[a](../gone.md)')).toThrow('docs/guide/b.md links to ../gone.md, which is no file');
  });
});

it('the navigation has every page of the documentation, and the schemas every kind', async () => {
  const to = await mkdtemp(join(tmpdir(), 'upsell-pages-'));
  onTestFinished(() => rm(to, { recursive: true }));
  const groups = await stage(root, to);
  expect(groups.map(({ text }) => text)).toEqual([
    'Start',
    'Guide',
    'Reference',
    'How it is built',
    'Decisions',
    'Project',
  ]);
  const links = groups.flatMap(({ items }) => items.map(({ link }) => link));
  expect(links).toContain('/');
  expect(links).toContain('/guide/objects.md');
  expect(links).toContain('/decisions/0001-own-runtime.md');
  expect(new Set(links).size).toBe(links.length);
  const schemas = await readFile(join(to, 'reference/schemas.md'), 'utf8');
  for (const kind of ['TenantUserUpsell', 'AcronisAccount', 'TenantUpsellPolicy'])
    expect(schemas).toContain(`## ${kind} v1alpha1`);
  expect(schemas).toContain('| `spec.deletionPolicy` | `Retain`, `Revoke` | `"Retain"` |');
  expect(schemas).toMatch(/- `spec`: .*give exactly one of userID/);
});
