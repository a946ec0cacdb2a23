/** Puts results between two markers of a page, and touches nothing else of it. */
export const begin = '<!-- bench:results:begin (npm run bench -- --docs writes what is between these two lines) -->';
export const end = '<!-- bench:results:end -->';

/** @throws Error where the markers are not there, each once and in their order. */
export function replaceResults(page: string, results: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from || page.indexOf(begin, from + 1) >= 0 || page.indexOf(end, to + 1) >= 0)
    throw new Error(`The page must have these two lines, once each and in this order:\n${begin}\n${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${results.trim()}\n\n${page.slice(to)}`;
}
