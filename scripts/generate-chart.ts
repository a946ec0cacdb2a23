/**
 * `npm run generate:chart` makes the parts of the chart that have their source elsewhere: the CRD as a template, from crds/, what Artifact Hub shows, from values.yaml the table of
 * values in its README and what stands in for a null, and from docs/runbooks.md what each alert carries. With --check it only reports, by its exit code, whether they are current.
 */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isMap, isScalar, type Pair, parse, parseDocument, stringify, type YAMLMap } from 'yaml';
import { withAnnotations } from './artifact-hub.ts';
import { report, writeOrCheck } from './generated-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const chart = 'deploy/helm/acronis-upsell-operator';
const read = (path: string): Promise<string> => readFile(`${root}/${path}`, 'utf8');

/** The CRDs, one after the other. */
function crdTemplate(crds: readonly string[]): string {
  return `{{- /* Made from crds/ by \`npm run generate:chart\`. Do not edit. A template and not in crds/, so that an upgrade of the release upgrades it. */ -}}
{{- include "upsell.init" . -}}
{{- if .Values.crds.install }}
${crds.map(labelled).join('---\n')}{{- end }}
`;
}

function labelled(crd: string): string {
  const [head, name, tail, ...more] = crd.replace(/^#.*\n/, '').split(/^( {2}name: [a-z]+\.upsell\.acronis\.com\n)/m);
  if (head === undefined || name === undefined || tail === undefined || more.length > 0)
    throw new Error('A CRD does not have its name exactly once: correct crdTemplate in scripts/generate-chart.ts.');
  return `${head}${name}  labels:
    {{- include "upsell.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
${tail.replaceAll('{{', '{{ "{{" }}')}`;
}

interface Row {
  readonly path: string;
  readonly byDefault: string;
  readonly description: string;
}

/** A row for each value whose comment begins with `--`, and for each leaf: names that explain themselves need no words. */
function rowsOf(map: YAMLMap, path: string): Row[] {
  return map.items.flatMap((pair, index) => {
    if (!isScalar(pair.key)) throw new Error(`values.yaml has a key under "${path}" that is no name.`);
    const here = path === '' ? String(pair.key.value) : `${path}.${pair.key.value}`;
    const description = described(commentOf(map, pair, index));
    if (description === undefined && isMap(pair.value) && pair.value.items.length > 0) return rowsOf(pair.value, here);
    return [{ path: here, byDefault: defaultOf(pair), description: description ?? '' }];
  });
}

/** The lines from the one that begins with `--` on. */
function described(comment: string | null | undefined): string | undefined {
  const [, text] = /(?:^|\n) ?--([\s\S]*)$/.exec(comment ?? '') ?? [];
  return text?.replaceAll(/\n\s*/g, ' ').trim();
}

const defaultOf = (pair: Pair): string => {
  const value = pair.value;
  return JSON.stringify(isScalar(value) || value === null ? (isScalar(value) ? value.value : null) : value);
};

function valuesTable(values: string): string {
  const document = parseDocument(values);
  if (!isMap(document.contents)) throw new Error('values.yaml is not a map.');
  // A comment before the very first key belongs to the document for the parser.
  document.contents.commentBefore ??= document.commentBefore ?? null;
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = rowsOf(document.contents, '').map(
    ({ path, byDefault, description }) => `| \`${path}\` | \`${cell(byDefault)}\` | ${cell(description)} |`,
  );
  return ['| value | default | |', '|---|---|---|', ...rows].join('\n');
}

/** The paths of the maps that have a row of their own, and so are passed on as a whole. */
function passedOn(map: YAMLMap, above: string): string[] {
  return map.items.flatMap((pair, index) => {
    if (!isScalar(pair.key)) throw new Error('values.yaml has a key that is no name.');
    const here = above === '' ? String(pair.key.value) : `${above}.${pair.key.value}`;
    if (!isMap(pair.value)) return [];
    const isOneRow = described(commentOf(map, pair, index)) !== undefined || pair.value.items.length === 0;
    return isOneRow ? [here] : passedOn(pair.value, here);
  });
}

/** Each alert's runbook as text for an annotation: it is read in a mail or a pager, so links are only their words. Prometheus reads templates there, so none may look like one. */
function runbooks(page: string): string {
  const sections = page.split(/^## /m).slice(1);
  const texts = sections.map((section) => {
    const [alert = '', ...lines] = section.split('\n');
    const text = lines
      .join('\n')
      .trim()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    if (text.includes('{{')) throw new Error(`The runbook of ${alert} has {{, which Prometheus would read.`);
    return [alert, text] as const;
  });
  return `${JSON.stringify(Object.fromEntries(texts), null, 2)}\n`;
}

/** A comment before the first key belongs to the map for the parser. */
function commentOf(map: YAMLMap, pair: Pair, index: number): string | null | undefined {
  const own = isScalar(pair.key) ? pair.key.commentBefore : undefined;
  return own ?? (index === 0 ? map.commentBefore : undefined);
}

function defaultsFile(values: string): string {
  const { contents } = parseDocument(values);
  if (!isMap(contents)) throw new Error('values.yaml is not a map.');
  const file = { passedOn: passedOn(contents, ''), values: parse(values) };
  return `# Made from values.yaml by \`npm run generate:chart\`. Do not edit. What a value that is null becomes: of those passed on, nothing.\n${stringify(file)}`;
}

const begin = '<!-- values: made from values.yaml by `npm run generate:chart` -->\n';
const end = '\n<!-- end of values -->';

function withTable(readme: string, table: string): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from === -1 || to < from) throw new Error("The chart's README has no place for the table of values.");
  return readme.slice(0, from + begin.length) + table + readme.slice(to);
}

const manifestsIn = async (directory: string): Promise<readonly string[]> => {
  const files = (await readdir(`${root}/${directory}`)).filter((file) => file.endsWith('.yaml')).sort();
  return await Promise.all(files.map((file) => read(`${directory}/${file}`)));
};
const crds = await manifestsIn('crds');
const check = process.argv.includes('--check');
const changed = await writeOrCheck(
  {
    root,
    files: new Map([
      [`${chart}/files/defaults.yaml`, defaultsFile(await read(`${chart}/values.yaml`))],
      [`${chart}/files/runbooks.json`, runbooks(await read('docs/runbooks.md'))],
      [`${chart}/templates/crd.yaml`, crdTemplate(crds)],
      [
        `${chart}/Chart.yaml`,
        withAnnotations(await read(`${chart}/Chart.yaml`), crds, await manifestsIn('deploy/samples')),
      ],
      [
        `${chart}/README.md`,
        withTable(await read(`${chart}/README.md`), valuesTable(await read(`${chart}/values.yaml`))),
      ],
    ]),
  },
  check,
);
report(changed, check, 'npm run generate:chart');
