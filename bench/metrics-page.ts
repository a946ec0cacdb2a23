/** As much of a /metrics page as the bench reads: gauges, and quantiles of what a histogram saw between two readings. */

/** How many observations were at most so long, by that bound. */
export type Buckets = ReadonlyMap<number, number>;

export function histogram(page: string, name: string): Buckets {
  const found = new Map<number, number>();
  for (const { labels, value } of samples(page, `${name}_bucket`)) {
    const text = /[{,]le="([^"]*)"/.exec(labels)?.[1] ?? '';
    const bound = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
    found.set(bound, (found.get(bound) ?? 0) + value);
  }
  return found;
}

/** The bound below which a share `p` of what came between the two readings lies: an upper bound, as coarse as the buckets. NaN where nothing came. */
export function bucketQuantile(before: Buckets, after: Buckets, p: number): number {
  const total = (after.get(Number.POSITIVE_INFINITY) ?? 0) - (before.get(Number.POSITIVE_INFINITY) ?? 0);
  if (total <= 0) return Number.NaN;
  for (const [bound, count] of [...after].sort(([a], [b]) => a - b)) {
    if (count - (before.get(bound) ?? 0) >= total * p) return bound;
  }
  return Number.POSITIVE_INFINITY;
}

/** The sum of a gauge over its labels; 0 where it is not there. */
export const gauge = (page: string, name: string): number =>
  samples(page, name).reduce((sum, { value }) => sum + value, 0);

function samples(page: string, name: string): { readonly labels: string; readonly value: number }[] {
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith(name)) return [];
    const rest = line.slice(name.length);
    const close = rest.startsWith('{') ? rest.lastIndexOf('}') + 1 : 0;
    if (close === 0 && !rest.startsWith(' ')) return [];
    return [{ labels: rest.slice(0, close), value: Number(rest.slice(close).trim().split(' ')[0]) }];
  });
}
