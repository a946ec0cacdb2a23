/**
 * prom-client's Histogram, counted in plain arrays: its own `observe` checks and hashes the labels each time, which at a dozen observations for an object is some of what
 * an object costs. Only the page is made as prom-client makes it.
 */
import { Histogram } from 'prom-client';

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** One for each bound, and one for what is above all of them. Not cumulative. */
  readonly counts: Float64Array;
  sum: number;
}

export class PlainHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series: Series[] = [];

  constructor(configuration: ConstructorParameters<typeof Histogram>[0] & { readonly buckets: number[] }) {
    super(configuration);
    this.#name = configuration.name;
    this.#help = configuration.help;
    this.#bounds = configuration.buckets;
    // It would count into nothing, as only what was bound is on the page. The base class sets it on each instance, so a method could not stand in its way.
    this.observe = () => {
      throw new Error(`${this.#name} counts by bound series only`);
    };
  }

  /** A new series, at 0. Called once for each set of label values. @returns what counts one value. */
  bind(labels: Readonly<Record<string, string>>): (value: number) => void {
    const bounds = this.#bounds;
    const series: Series = { labels, counts: new Float64Array(bounds.length + 1), sum: 0 };
    this.#series.push(series);
    return (value) => {
      let at = 0;
      while (at < bounds.length && value > (bounds[at] ?? Number.POSITIVE_INFINITY)) at++;
      series.counts[at] = (series.counts[at] ?? 0) + 1;
      series.sum += value;
    };
  }

  /** What a registry asks for a page, and `get` for everything else (prom-client 15; its types leave it out). */
  async getForPromString() {
    const values = this.#series.flatMap((series) => this.#valuesOf(series));
    return { name: this.#name, help: this.#help, type: 'histogram', values, aggregator: 'sum' };
  }

  #valuesOf({ labels, counts, sum }: Series) {
    const value = (metricName: string, number: number, own: Readonly<Record<string, string | number>> = {}) => ({
      metricName,
      value: number,
      labels: own,
      sharedLabels: labels,
    });
    let count = 0;
    const buckets = [...counts].map((each, at) => {
      count += each;
      return value(`${this.#name}_bucket`, count, { le: this.#bounds[at] ?? '+Inf' });
    });
    return [...buckets, value(`${this.#name}_sum`, sum), value(`${this.#name}_count`, count)];
  }
}
