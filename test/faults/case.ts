/** What a run is made of: each case makes its own world (or its own control plane) and says how it ended. */
import type { Programs } from '../../tools/controlplane/versions.ts';
import type { Cell } from './cells.ts';
import { type CaseResult, titleOf } from './result.ts';
import { type CellOptions, runCells } from './run-cells.ts';

export interface CaseOptions extends CellOptions {
  /** For a control plane of one's own. */
  readonly programs: Programs;
}

export interface Case {
  /** Side, moment and name. */
  readonly title: string;
  /** About how long it takes. */
  readonly seconds: number;
  readonly run: (options: CaseOptions) => Promise<readonly CaseResult[]>;
}

export const caseOf = (group: readonly Cell[]): Case => ({
  title: group.map(titleOf).join(' | '),
  seconds: group.reduce((sum, { seconds }) => sum + seconds, 5),
  run: (options) => runCells(group, options),
});
