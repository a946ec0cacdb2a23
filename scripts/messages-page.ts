/** The part of docs/reference/messages.md that has every message of a condition, by reason. */
import { oddities } from '../src/acronis/causes/credentials.ts';
import { meaningOf, reasons } from '../src/api/conditions.ts';
import { ofCauses, ofCode, type Sentence } from './sentences.ts';

const begin = '<!-- made from src/acronis/causes and the verdicts in src by `npm run generate:messages` -->\n';
const end = '\n<!-- end -->';

function row({ text, cause }: Sentence): string {
  const id = cause === undefined ? '' : `<a id="${cause.id}"></a>\`${cause.id}\``;
  return `| ${text.replaceAll('|', '\\|')} | ${id} | ${cause?.when ?? ''} | ${cause?.passes === true ? 'yes' : ''} |`;
}

function section(reason: Sentence['reason'], sentences: readonly Sentence[]): string {
  const { ready, stalled } = meaningOf(reason);
  const rows = sentences.filter((each) => each.reason === reason).map(row);
  const table = ['| Message | Cause | From | Passes |', '|---|---|---|---|', ...new Set(rows)];
  return [
    `### ${reason}`,
    '',
    `Ready ${ready}${stalled ? ', Stalled' : ''}.`,
    '',
    ...(rows.length === 0 ? ['This version reports it nowhere.'] : table),
  ].join('\n');
}

const odd = Object.values(oddities).map(
  (text) => `- ${text.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}`,
);

/**
 * The page with the sentences that the code has now.
 * @param root of the project. @throws Error where the page has no place for them.
 */
export function withSentences(page: string, root: string): string {
  const [head, rest, ...more] = page.split(begin);
  const at = rest?.indexOf(end) ?? -1;
  if (head === undefined || rest === undefined || at === -1 || more.length > 0)
    throw new Error('The page has no place, or more than one, for the sentences.');
  const sentences = [...ofCode(root), ...ofCauses()];
  const text = [
    ...reasons.map((reason) => section(reason, sentences)),
    '### What is odd about a value',
    'ODDITIES above names the key or file, and what is wrong with it:',
    odd.join('\n'),
  ].join('\n\n');
  return `${head}${begin}\n${text}\n${rest.slice(at)}`;
}
