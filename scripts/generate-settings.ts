/**
 * `npm run generate:settings` writes what follows from the table of settings (src/config/table.ts): the tables of docs/reference/settings.md, and of the chart the
 * schema of the values that are settings and files/settings.json, by which its templates make arguments and refuse what the binary would.
 * With --check it only says, by its exit code, whether they are current.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Kind } from '../src/config/form.ts';
import { type Setting, variableOf } from '../src/config/settings/setting.ts';
import { settings } from '../src/config/table.ts';
import { report, writeOrCheck } from './generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = 'docs/reference/settings.md';
const chart = 'deploy/helm/acronis-upsell-operator';
const read = (path: string): Promise<string> => readFile(`${root}/${path}`, 'utf8');

/** The credentials have no flag: arguments can be read by every process of the machine. */
const variablesOnly = [
  ['ACRONIS_URL', "The data center's URL, such as `https://eu2-cloud.acronis.com`."],
  ['ACRONIS_CLIENT_ID', "The operator's own API client."],
  [
    'ACRONIS_CLIENT_SECRET',
    'Its secret. There is no flag for it, since arguments can be read by every process of the machine.',
  ],
].map(([name, what]) => `| | \`${name}\` | – | ${what} |`);

function row({ flag, byDefault, range, description }: Setting): string {
  const shown = byDefault === undefined || byDefault === '' ? '–' : `\`${byDefault}\``;
  const inWords = range === undefined ? description : `${description} ${range}.`;
  return `| \`${flag}\` | \`${variableOf(flag)}\` | ${shown} | ${inWords} |`;
}

function table(group: Setting['group']): string {
  const rows = settings.filter((setting) => setting.group === group).map(row);
  const all = group === 'Acronis' ? [...variablesOnly, ...rows] : rows;
  return ['| Flag | Environment | Default | |', '|---|---|---|---|', ...all].join('\n');
}

function withTables(text: string): string {
  let result = text;
  for (const group of ['Acronis', 'Work', 'Process'] as const) {
    const begin = `<!-- ${group}: made from src/config/table.ts by \`npm run generate:settings\` -->\n`;
    const [head, rest, ...more] = result.split(begin);
    const end = rest?.indexOf('\n<!-- end -->') ?? -1;
    if (head === undefined || rest === undefined || end === -1 || more.length > 0)
      throw new Error(`${page} has no place, or more than one, for the table of ${group}.`);
    result = head + begin + table(group) + rest.slice(end);
  }
  return result;
}

/** What the templates need to know of a setting. */
const forTemplates = ({ flag, kind, byDefault, chart: inChart }: Setting): object => {
  const { min, max, ...form } = kind.form;
  return {
    flag: flag.slice(2),
    variable: variableOf(flag),
    shape: kind.shape,
    byDefault: byDefault ?? '',
    value: inChart?.value ?? '',
    dependent: inChart?.dependent ?? '',
    notEmpty: kind.notEmpty ?? false,
    ...form,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
};

/**
 * The schema of a value. Texts have no pattern here: the templates hold them against the same one and say the advice, where a schema could only show the pattern.
 */
function schemaOf({ shape, form, choices, notEmpty }: Kind): Record<string, unknown> {
  const description = form.advice;
  switch (shape) {
    case 'text':
      return { type: 'string', description };
    case 'list':
      return {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        uniqueItems: true,
        ...(notEmpty === true ? { minItems: 1 } : {}),
        description,
      };
    case 'integer':
      return { type: 'integer', minimum: form.min, maximum: form.max };
    case 'number':
      return form.orZero === true
        ? { anyOf: [{ const: 0 }, { type: 'number', minimum: form.min, maximum: form.max }], description }
        : { type: 'number', minimum: form.min, maximum: form.max };
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { type: 'string', enum: choices };
  }
}

const objectSchema = z.looseObject({ properties: z.record(z.string(), z.unknown()) });

/** The schema with this one at the value's path. @throws Error where the path is not in it. */
function placed(schema: unknown, path: readonly string[], found: object): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return found;
  const { properties, ...others } = objectSchema.parse(schema);
  if (!(first in properties)) throw new Error(`values.schema.json has no ${first}.`);
  return { ...others, properties: { ...properties, [first]: placed(properties[first], rest, found) } };
}

/** Settings whose value has another form in the chart, such as a port, are described by hand. */
const elsewhere = new Set(['metrics.port', 'probes.port', 'terminationGracePeriodSeconds', '']);
let schema: unknown = JSON.parse(await read(`${chart}/values.schema.json`));
for (const { kind, chart: inChart } of settings)
  if (inChart !== undefined && !elsewhere.has(inChart.value))
    schema = placed(schema, inChart.value.split('.'), schemaOf(kind));

const check = process.argv.includes('--check');
const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
const changed = await writeOrCheck(
  {
    root,
    files: new Map([
      [page, withTables(await read(page))],
      [`${chart}/values.schema.json`, json(schema)],
      [`${chart}/files/settings.json`, json(settings.map(forTemplates))],
    ]),
  },
  check,
);
report(changed, check, 'npm run generate:settings');
