/** From samples to rows: one for each figure of each phase, with all contenders, the ratio of ours to Go's, and the goal. */
import { type ContenderName, figures, type Goal, goalsFor, met, type Sample } from './sample.ts';
import { pairedRatios, type Spread, spreadOf } from './statistics.ts';

export interface Row {
  readonly phase: string;
  readonly objects: number;
  readonly figure: string;
  readonly ours: Spread | undefined;
  readonly go: Spread | undefined;
  readonly bare: Spread | undefined;
  /** Ours by Go's. */
  readonly ratio: Spread | undefined;
  readonly runs: number;
  readonly goal: Goal | undefined;
  /** Undefined where there is no goal, or nothing to hold against it. */
  readonly reached: boolean | undefined;
}

/** Rows in the order in which phases and figures first came. */
export function summarize(samples: readonly Sample[]): readonly Row[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.phase}\0${sample.objects}`;
    const group = groups.get(key) ?? [];
    groups.set(key, [...group, sample]);
  }
  return [...groups.values()].flatMap(rowsOf);
}

const ratioOf = (ratios: readonly number[]): Spread | undefined => (ratios.length === 0 ? undefined : spreadOf(ratios));

function rowsOf(group: readonly Sample[]): readonly Row[] {
  const [first] = group;
  if (first === undefined) return [];
  const { phase, objects } = first;
  const goals = goalsFor(objects);
  const names = Object.keys(figures).filter((name) => group.some((sample) => sample.figures[name] !== undefined));
  return names.map((figure) => {
    const of = (contender: ContenderName): number[] =>
      group.flatMap((sample) => (sample.contender === contender ? [sample.figures[figure] ?? []].flat() : []));
    const [ours, go, bare] = [of('ours'), of('go'), of('bare')];
    const ratio = ratioOf(pairedRatios(ours, go));
    const own = ours.length === 0 ? undefined : spreadOf(ours);
    const goal = goals.find((each) => each.phase === phase && each.figure === figure);
    const judged = { go: ratio, bare: ratioOf(pairedRatios(ours, bare)), value: own }[goal?.of ?? 'value'];
    return {
      phase,
      objects,
      figure,
      ours: own,
      go: go.length === 0 ? undefined : spreadOf(go),
      bare: bare.length === 0 ? undefined : spreadOf(bare),
      ratio,
      runs: Math.max(ours.length, go.length, bare.length),
      goal,
      reached: goal === undefined || judged === undefined ? undefined : met(goal, judged.median),
    };
  });
}
