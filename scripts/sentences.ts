/**
 * The sentences that conditions can hold, by reason: those of the table of causes (src/acronis/causes), and those that stand in the code beside their reason, which
 * are read from it as gettext's extractor does. What stands for a fact is shown in capitals.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CauseId, causeOf, causes } from '../src/acronis/causes/table.ts';
import { type Reason, reasons } from '../src/api/conditions.ts';
import { tenantIdLabel } from '../src/api/names.ts';
import { reasonOfKind } from '../src/controllers/upsell/verdicts/verdicts.ts';

export interface Sentence {
  readonly reason: Reason;
  readonly text: string;
  /** Of the table of causes. */
  readonly cause?: { readonly id: CauseId; readonly when: string; readonly passes: boolean };
}

/** `leadsTo` as `LEADS_TO`. */
const placeholder = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();

export const ofCauses = (): readonly Sentence[] =>
  Object.keys(causes)
    .filter((id): id is CauseId => Object.hasOwn(causes, id))
    .map((id) => {
      const { kind, sentence, remedy, when, passes } = causeOf(id);
      const text = `${sentence} ${remedy}`.replace(/\{(\w+)\}/g, (_, name: string) => placeholder(name));
      return { reason: reasonOfKind[kind], text, cause: { id, when, passes } };
    });

/** A reason and the literal after it: `reason: 'X', message: '…'`, or the two as arguments. */
const pair =
  /(?:reason: |\()\s*'(?<reason>[A-Z]\w+)',\s*(?:message:\s*)?(?<literal>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/g;

/** In the text of a source. */
export function sentencesIn(source: string): readonly Sentence[] {
  return [...source.matchAll(pair)].flatMap(({ groups }) => {
    const reason = reasons.find((each) => each === groups?.['reason']);
    return reason === undefined ? [] : [{ reason, text: shown(groups?.['literal'] ?? '') }];
  });
}

function shown(literal: string): string {
  const inner = literal.slice(1, -1);
  return inner
    .replace(/\$\{([^}]*)\}/g, (_, expression: string) =>
      expression === 'tenantIdLabel' ? tenantIdLabel : placeholder(expression.split(/\W+/).findLast(Boolean) ?? ''),
    )
    .replace(/\\(.)/g, '$1');
}

export function ofCode(root: string): readonly Sentence[] {
  return globSync('src/{api,fleet,controllers}/**/*.ts', { cwd: root })
    .toSorted()
    .flatMap((path) => sentencesIn(readFileSync(join(root, path), 'utf8')));
}
