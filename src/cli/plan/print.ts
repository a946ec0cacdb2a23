/** How a plan is printed: for a terminal, for programs, and for the comment on a pull request. */
import type { OutputFormat } from '../output/choices.ts';
import { asJson, asMarkdown, asYaml } from '../output/formats.ts';
import { tableOf } from '../output/table.ts';
import type { Output, Style } from '../terminal/terminal.ts';
import type { Planned, PlannedAction } from './planned.ts';
import type { PlannedPolicy } from './policies.ts';
import { type Plan, sentenceOf } from './summary.ts';

export function printed(plan: Plan, format: OutputFormat, output: Pick<Output, 'width' | 'style'>): string {
  switch (format) {
    case 'json':
      return asJson(plan);
    case 'yaml':
      return asYaml(plan);
    case 'markdown':
      return markdown(plan);
    case 'table':
      return table(plan, output);
  }
}

const words: Readonly<Record<PlannedAction, readonly [word: string, style: Style]>> = {
  assign: ['would assign', 'green'],
  revoke: ['would revoke', 'yellow'],
  addFinalizer: ['would add finalizer', 'cyan'],
  removeFinalizer: ['would remove finalizer', 'cyan'],
  none: ['nothing to do', 'dim'],
  error: ['error', 'red'],
};
const changes: Readonly<Record<NonNullable<Planned['change']>, readonly [word: string, style: Style]>> = {
  make: ['would make', 'green'],
  update: ['would update', 'cyan'],
  remove: ['would remove', 'yellow'],
  handOver: ['would hand over', 'cyan'],
};
const policyWords: Readonly<Record<PlannedPolicy['action'], readonly [word: string, style: Style]>> = {
  change: ['would change', 'green'],
  none: words.none,
  error: words.error,
};

const columns = [
  { heading: 'OBJECT' },
  { heading: 'ACTION' },
  { heading: 'REASON' },
  { heading: 'MESSAGE', wraps: true },
];
const policyColumns = [
  { heading: 'POLICY' },
  { heading: 'ACTION' },
  ...['MATCHED', 'CHILDREN', 'MAKE', 'UPDATE', 'REMOVE', 'HAND OVER', 'REASON'].map((heading) => ({ heading })),
  { heading: 'MESSAGE', wraps: true },
];

/** Children of one policy that are shown where people read: a policy may have tens of thousands. */
const maxChildren = 10;

function table({ policies, objects, summary }: Plan, output: Pick<Output, 'width' | 'style'>): string {
  const { rows, left } = shownOf(objects);
  const blocks = [
    policies.length === 0
      ? []
      : [
          tableOf(
            policyColumns,
            policies.map((each) => policyCells(each, output.style)),
            output,
          ),
        ],
    rows.length === 0
      ? []
      : [
          tableOf(
            columns,
            rows.map((each) => cells(each, output.style)),
            output,
          ),
        ],
    left.length === 0 ? [] : [left.map((line) => `${line}\n`).join('')],
  ].flat();
  return [...blocks, `${sentenceOf(summary)}\n`].join('\n');
}

/** What is long is folded away. */
function markdown({ policies, objects, summary }: Plan): string {
  const { rows, left } = shownOf(objects);
  const heading = `### Upsell plan\n\n${sentenceOf(summary)}\n`;
  const ofPolicies =
    policies.length === 0
      ? ''
      : `\n${asMarkdown(
          policyColumns.map((column) => sentenceCase(column.heading)),
          policies.map((each) => policyCells(each, plain)),
        )}`;
  const body = asMarkdown(
    columns.map((column) => sentenceCase(column.heading)),
    rows.map((each) => cells(each, plain)),
  );
  const more = left.length === 0 ? '' : `\n${left.join('\n')}\n`;
  if (rows.length === 0) return heading + ofPolicies;
  return rows.length <= unfolded
    ? `${heading}${ofPolicies}\n${body}${more}`
    : `${heading}${ofPolicies}\n<details><summary>${rows.length} objects</summary>\n\n${body}${more}\n</details>\n`;
}
const unfolded = 20;

const plain = (_style: Style, text: string): string => text;
const sentenceCase = (heading: string): string => heading[0] + heading.slice(1).toLowerCase();

/** What stays as it is only counts, and of the children of one policy the first ones are shown: those with errors before the others. */
function shownOf(objects: readonly Planned[]): { readonly rows: readonly Planned[]; readonly left: readonly string[] } {
  const rows: Planned[] = [];
  const ofPolicies = new Map<string, Planned[]>();
  for (const each of objects) {
    if (each.change === undefined) {
      if (each.action !== 'none') rows.push(each);
      continue;
    }
    const policy = `${each.namespace}/${each.policy}`;
    const children = ofPolicies.get(policy);
    if (children === undefined) ofPolicies.set(policy, [each]);
    else children.push(each);
  }
  const left: string[] = [];
  for (const [policy, children] of ofPolicies) {
    const inOrder = [...children.filter(isError), ...children.filter((each) => !isError(each))];
    rows.push(...inOrder.slice(0, maxChildren));
    const more = inOrder.length - maxChildren;
    if (more > 0)
      left.push(`… and ${more.toLocaleString('en')} more children of ${policy}. --output json has all of them.`);
  }
  return { rows, left };
}
const isError = ({ action }: Planned): boolean => action === 'error';

function cells(each: Planned, style: Output['style']): string[] {
  const [word, colour] = words[each.action];
  const own = style(colour, word);
  const change = each.change === undefined ? undefined : style(changes[each.change][1], changes[each.change][0]);
  const action = change === undefined ? own : each.action === 'none' ? change : `${change}, ${own}`;
  return [`${each.namespace}/${each.name}`, action, each.reason, messageOf(each)];
}

function policyCells(each: PlannedPolicy, style: Output['style']): string[] {
  const [word, colour] = policyWords[each.action];
  const { matched, children, make, update, remove, handOver } = each;
  return [
    `${each.namespace}/${each.name}`,
    style(colour, word),
    ...[matched, children, make, update, remove, handOver].map((count) => count?.toLocaleString('en') ?? ''),
    each.reason,
    messageOf(each),
  ];
}

const messageOf = ({ where, message, action }: Pick<Planned, 'where' | 'message'> & { action: string }): string =>
  where === undefined || action !== 'error' ? message : `${where}: ${message}`;
