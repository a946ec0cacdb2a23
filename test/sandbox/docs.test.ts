import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ELSEWHERE, PATHS } from '../../sandbox/acronis/http/routes.ts';
import { Switches } from '../../sandbox/acronis/switches.ts';
import { control } from './ask.ts';
import { sandbox, shareSandbox } from './shared-sandbox.ts';

// docs/sandbox.md names every call and every switch, and no call or switch that there is not.

shareSandbox();
const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');
/** The first cells of the tables in the part under a heading. */
const cells = (heading: string): string[] => {
  const part = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  return part.split('\n').flatMap((line) => /^\| (`.*?`) \|/.exec(line)?.[1] ?? []);
};
/** `GET`, `PUT /x` and `GET /x?a=`, `GET /y` as single calls: a method alone goes with the path after it. */
function callsIn(cell: string): string[] {
  const calls: string[] = [];
  const waiting: string[] = [];
  for (const [, text = ''] of cell.matchAll(/`([^`]+)`/g)) {
    const [method = '', path] = text.split(' ');
    waiting.push(method);
    if (path === undefined) continue;
    const template = path.replace(/\?.*$/, '').replace(/\{\w+\}/, '{id}');
    for (const one of waiting.splice(0)) calls.push(`${one} ${template}`);
  }
  return calls;
}

test('every call that the sandbox plays is named in the documentation, and none besides', () => {
  const played = [
    ...[...PATHS].flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} /${path}`)),
    ...[...ELSEWHERE].flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`)),
  ];
  const named = new Set(cells('What it implements').flatMap(callsIn));
  expect([...named, 'POST /bc/idp/token'].toSorted()).toEqual(played.toSorted());
  expect(page).toContain('/bc/idp/token');
});

test('every switch is named in the documentation, with its default first', () => {
  const switches = new Switches().current;
  const named = cells('Switches').flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(named.toSorted()).toEqual(Object.keys(switches).toSorted());
  for (const [name, value] of Object.entries(switches)) {
    const row = page.split('\n').find((line) => line.startsWith('| `') && line.includes(`\`${name}\``)) ?? '';
    expect(row, name).toContain(String(value));
  }
});

test('every kind of fault is named in the documentation, and the control API has what the examples use', async () => {
  const { json } = await control(sandbox, 'POST', '/faults', { kind: 'none' });
  const kinds = /must be ([\w, ]+)/.exec(JSON.stringify(json))?.[1]?.split(/, | or /) ?? [];
  expect(
    cells('Faults')
      .map((cell) => cell.replaceAll('`', ''))
      .toSorted(),
  ).toEqual(kinds.toSorted());
  const index = Object.keys(Object((await control(sandbox, 'GET', '')).json));
  for (const [, path = ''] of page.matchAll(/\$ACRONIS_URL(\/_sandbox\/\S+)/g)) {
    const template = path.replace(/\$(ID|TENANT)/, '{id}');
    expect(
      index.some((each) => each.endsWith(` ${template}`)),
      template,
    ).toBe(true);
  }
});
