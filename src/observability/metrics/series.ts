/**
 * Metric families whose series are bound once: `of(…labels)` finds the bound series by walking a small tree of maps, and makes it the first time.
 * What is counted is added to a number and reaches prom-client when a page is made, so the hot path builds no label object and hashes no strings.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import { PlainHistogram } from './histogram.ts';

export interface Family<Series> {
  /** The series with these label values, in the order of the label names. It is at 0 until it is used. */
  of(...labels: readonly string[]): Series;
}

export interface CounterSeries {
  inc(by?: number): void;
}
export interface GaugeSeries {
  set(value: number): void;
}
export interface HistogramSeries {
  observe(value: number): void;
}

export function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[] = [],
): Family<CounterSeries> {
  const carryOver: (() => void)[] = [];
  const metric = new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect: () => {
      for (const carry of carryOver) carry();
    },
  });
  return family((labels) => {
    const series = labels.length === 0 ? metric : metric.labels(...labels);
    let counted = 0;
    carryOver.push(() => {
      series.inc(counted);
      counted = 0;
    });
    return {
      inc(by = 1) {
        counted += by;
      },
    };
  });
}

/** `collect` is called before each page is made. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[] = [],
  collect?: () => void | Promise<void>,
): Family<GaugeSeries> {
  const metric = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    ...(collect === undefined ? {} : { collect }),
  });
  return family((labels) => {
    if (labels.length === 0) return { set: (value) => metric.set(value) };
    const series = metric.labels(...labels);
    series.set(0);
    return series;
  });
}

export function histogram(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  buckets: readonly number[],
): Family<HistogramSeries> {
  const metric = new PlainHistogram({ name, help, labelNames, buckets: [...buckets], registers: [registry] });
  return family((labels) => ({
    observe: metric.bind(Object.fromEntries(labelNames.map((label, index) => [label, labels[index] ?? '']))),
  }));
}

interface Node<Series> {
  series: Series | undefined;
  readonly next: Map<string, Node<Series>>;
}

function family<Series>(make: (labels: string[]) => Series): Family<Series> {
  const root: Node<Series> = { series: undefined, next: new Map() };
  return {
    of(...labels) {
      let node = root;
      for (const label of labels) {
        let next = node.next.get(label);
        if (next === undefined) {
          next = { series: undefined, next: new Map() };
          node.next.set(label, next);
        }
        node = next;
      }
      node.series ??= make([...labels]);
      return node.series;
    },
  };
}
