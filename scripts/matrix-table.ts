/** The README's table of Kubernetes versions: of the matrix, written after a run in which every version passed. */
import { matrix } from '../tools/controlplane/matrix.ts';

const begin = '<!-- kubernetes: written by `npm run test:matrix` after every version passed -->\n';
const end = '<!-- end of kubernetes -->';

export const matrixTable = (): string =>
  ['| Version | |', '|---|---|', ...matrix.map(({ version, why }) => `| ${version.slice(1)} | ${why} |`), ''].join(
    '\n',
  );

/** What the page has in the table's place. @throws Error where there is no place for it. */
export function tableIn(readme: string): string {
  const { from, to } = placeIn(readme);
  return readme.slice(from, to);
}

/** @throws as `tableIn`. */
export function withMatrixTable(readme: string): string {
  const { from, to } = placeIn(readme);
  return readme.slice(0, from) + matrixTable() + readme.slice(to);
}

function placeIn(readme: string): { readonly from: number; readonly to: number } {
  const at = readme.indexOf(begin);
  const to = readme.indexOf(end, at);
  if (at === -1 || to === -1) throw new Error('The README has no place for the table of Kubernetes versions.');
  return { from: at + begin.length, to };
}
