/** How one case of a run ended. */
import type { Tally } from './workload.ts';

export interface CaseResult {
  readonly side: string;
  readonly moment: string;
  readonly name: string;
  /** How often faults struck. */
  readonly faults: number;
  readonly tally: Tally;
  /** From the end of the fault until all was right; undefined where it never was. */
  readonly convergedMs: number | undefined;
  /** What was measured besides, in words. */
  readonly notes?: readonly string[];
  /** What else is wrong, in words. */
  readonly problems: readonly string[];
}

export const titleOf = ({ side, moment, name }: Pick<CaseResult, 'side' | 'moment' | 'name'>): string =>
  `${side}, ${moment}, ${name}`;

export const isBad = ({ tally, problems, convergedMs }: CaseResult): boolean =>
  tally.lost + tally.duplicates + tally.stuck.length + problems.length > 0 || convergedMs === undefined;

/** One line for a result that is not as it should be. */
export function complaint(result: CaseResult): string {
  const { side, moment, name, tally, problems } = result;
  const said = [
    ...problems,
    ...tally.stuck,
    ...(tally.duplicates > 0 ? [`${tally.duplicates} duplicate PUTs`] : []),
    ...(tally.lost > 0 ? [`${tally.lost} lost updates`] : []),
  ];
  return `${side}, ${moment}, ${name}: ${said.join('; ') || 'did not converge in time'}`;
}

/** A case that could not even be run to its end. */
export const failed = (title: string, error: unknown): CaseResult => {
  const [side = '', moment = '', ...name] = title.split(', ');
  const tally = { objects: 0, owed: 0, applied: 0, sent: 0, duplicates: 0, lost: 0, stuck: [] };
  const why = error instanceof Error ? error.message : String(error);
  return { side, moment, name: name.join(', '), faults: 0, tally, convergedMs: undefined, problems: [why] };
};
