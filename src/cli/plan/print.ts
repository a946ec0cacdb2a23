/** How a plan is printed: for a terminal, for programs, and for the comment on a pull request. */
import type { OutputFormat } from '../output/choices.ts';
import { asJson, asMarkdown, asYaml } from '../output/formats.ts';
import { tableOf } from '../output/table.ts';
import type { Output, Style } from '../terminal/terminal.ts';
import type { Planned, PlannedAction } from './planned.ts';

export interface Plan {
  readonly objects: readonly Planned[];
  readonly summary: Summary;
}

export interface Summary {
  readonly objects: number;
  readonly assign: number;
  readonly revoke: number;
  /** Finalizers alone. */
  readonly finalizers: number;
  readonly unchanged: number;
  readonly errors: number;
}

export function planOf(objects: readonly Planned[]): Plan {
  const count = (...actions: readonly PlannedAction[]) =>
    objects.filter(({ action }) => actions.includes(action)).length;
  const summary = {
    objects: objects.length,
    assign: count('assign'),
    revoke: count('revoke'),
    finalizers: count('addFinalizer', 'removeFinalizer'),
    unchanged: count('none'),
    errors: count('error'),
  };
  return { objects, summary };
}

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

const columns = [
  { heading: 'OBJECT' },
  { heading: 'ACTION' },
  { heading: 'REASON' },
  { heading: 'MESSAGE', wraps: true },
];

/** What stays as it is only counts. */
function table({ objects, summary }: Plan, output: Pick<Output, 'width' | 'style'>): string {
  const shown = objects.filter(({ action }) => action !== 'none');
  const rows = shown.map((each) => {
    const [word, style] = words[each.action];
    return [`${each.namespace}/${each.name}`, output.style(style, word), each.reason, messageOf(each)];
  });
  const body = rows.length === 0 ? '' : `${tableOf(columns, rows, output)}\n`;
  return `${body}${sentenceOf(summary)}\n`;
}

/** What is long is folded away. */
function markdown({ objects, summary }: Plan): string {
  const shown = objects.filter(({ action }) => action !== 'none');
  const rows = shown.map((each) => [
    `${each.namespace}/${each.name}`,
    words[each.action][0],
    each.reason,
    messageOf(each),
  ]);
  const body = asMarkdown(['Object', 'Action', 'Reason', 'Message'], rows);
  const heading = `### Upsell plan\n\n${sentenceOf(summary)}\n`;
  if (rows.length === 0) return heading;
  return rows.length <= unfolded
    ? `${heading}\n${body}`
    : `${heading}\n<details><summary>${rows.length} objects</summary>\n\n${body}\n</details>\n`;
}
const unfolded = 20;

const messageOf = ({ where, message, action }: Planned): string =>
  where === undefined || action !== 'error' ? message : `${where}: ${message}`;

export function sentenceOf({ objects, assign, revoke, finalizers, unchanged, errors }: Summary): string {
  if (objects === 0) return 'Nothing to do: there is no object.';
  const parts = [
    [assign, 'to assign'],
    [revoke, 'to revoke'],
    [finalizers, 'whose finalizer changes'],
    [errors, errors === 1 ? 'with an error' : 'with errors'],
    [unchanged, 'unchanged'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en')} ${what}`);
  const begin = assign + revoke + finalizers + errors === 0 ? 'Nothing to do' : 'Plan';
  return `${begin}: ${said.join(', ')}.`;
}
