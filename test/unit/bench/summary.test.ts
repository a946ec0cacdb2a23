import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../bench/sample.ts';
import { summarize } from '../../../bench/summary.ts';
import { markdownTable, number, textTable } from '../../../bench/table.ts';

const sample = (contender: Sample['contender'], figures: Sample['figures'], more: Partial<Sample> = {}): Sample => ({
  phase: 'burst',
  contender,
  repeat: 1,
  objects: 5_000,
  figures,
  ...more,
});
const burst = [
  sample('ours', { cpuMsPerObject: 0.5 }),
  sample('go', { cpuMsPerObject: 1 }),
  sample('ours', { cpuMsPerObject: 0.6 }),
  sample('go', { cpuMsPerObject: 0.8 }),
  sample('ours', { cpuMsPerObject: 0.4 }),
  sample('go', { cpuMsPerObject: 1 }),
];

describe('the summary', () => {
  it('gives both contenders with least, median and most, and the ratios of runs that followed each other', () => {
    const [row] = summarize(burst);
    expect(row?.ours).toEqual({ min: 0.4, median: 0.5, max: 0.6 });
    expect(row?.go).toEqual({ min: 0.8, median: 1, max: 1 });
    expect(row?.ratio).toEqual({ min: 0.4, median: 0.5, max: 0.6 / 0.8 });
    expect(row?.runs).toBe(3);
  });

  it('judges a goal for a ratio by the median ratio', () => {
    const smallBurst = (ours: number) =>
      [sample('ours', { cpuMsPerObject: ours }), sample('go', { cpuMsPerObject: 1 })].map((each) => ({
        ...each,
        phase: 'small burst',
      }));
    expect(summarize(smallBurst(0.9))[0]?.reached).toBe(true);
    expect(summarize(smallBurst(0.91))[0]?.reached).toBe(false);
  });

  it('judges a goal beside the bare loop by that one alone', () => {
    const beside = (bare: number) => summarize([...burst, sample('bare', { cpuMsPerObject: bare })])[0]?.reached;
    expect(beside(0.45)).toBe(true);
    expect(beside(0.4)).toBe(false);
    expect(summarize(burst)[0]?.reached).toBeUndefined();
  });

  it('judges a goal for a value by ours alone', () => {
    expect(summarize([sample('ours', { requestsPerObject: 1.2 })])[0]?.reached).toBe(true);
    expect(summarize([sample('ours', { requestsPerObject: 1.21 })])[0]?.reached).toBe(false);
  });

  it('does not judge a ratio where there is only one contender, nor a figure without a goal', () => {
    expect(summarize([sample('ours', { cpuMsPerObject: 0.1 })])[0]?.reached).toBeUndefined();
    expect(summarize([sample('ours', { events: 100 })])[0]?.goal).toBeUndefined();
  });

  it('asks no more requests of a larger fleet than its size allows', () => {
    const restart = (objects: number, requests: number) =>
      summarize([sample('ours', { requests }, { phase: 'restart', objects })])[0]?.reached;
    expect(restart(50_000, 520)).toBe(true);
    expect(restart(50_000, 521)).toBe(false);
    expect(restart(1_000, 31)).toBe(false);
  });

  it('keeps phases, and sizes of one phase, apart', () => {
    const rows = summarize([
      sample('ours', { cpuS: 1 }, { phase: 'memory', objects: 1_000 }),
      sample('ours', { cpuS: 2 }, { phase: 'memory', objects: 10_000 }),
      sample('ours', { cpuS: 3 }, { phase: 'restart', objects: 10_000 }),
    ]);
    expect(rows.map((row) => row.ours?.median)).toEqual([1, 2, 3]);
  });
});

describe('the table', () => {
  it('shows a figure with its unit, the spread in brackets, the ratio, the goal and whether it was reached', () => {
    const text = textTable(summarize(burst));
    expect(text).toContain('burst, 5,000 objects');
    expect(text).toMatch(
      /CPU per object, ms +0\.500 \(0\.400–0\.600\) +1\.000 \(0\.800–1\.000\) +0\.50 \(0\.40–0\.75\) +≤ 1\.15 × the bare loop/,
    );
  });

  it('shows one number where there was one run, and a dash where there was none', () => {
    expect(textTable(summarize([sample('ours', { rssMiB: 120 })]))).toMatch(/memory after, MiB +120 +– +≤ 110 ✗/);
  });

  it('is Markdown with as many cells in every line', () => {
    const lines = markdownTable(summarize(burst)).split('\n');
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.split('|').length))).toEqual(new Set([7]));
  });

  it('has a column for the bare loop where it took part, empty in phases in which it did not', () => {
    const rows = summarize([
      ...burst,
      sample('bare', { cpuMsPerObject: 0.45 }),
      sample('ours', { cpuS: 1 }, { phase: 'restart' }),
    ]);
    const lines = markdownTable(rows).split('\n');
    expect(lines[0]).toBe('| what | ours | controller-runtime | ratio | bare loop | goal |');
    expect(lines).toContain(
      '| CPU per object, ms | 0.500 (0.400–0.600) | 1.000 (0.800–1.000) | 0.50 (0.40–0.75) | 0.450 | ≤ 1.15 × the bare loop ✓ |',
    );
    expect(lines).toContain('| CPU, s | 1.00 | – |  |  | ≤ 0.33 × |');
    expect(markdownTable(summarize(burst)).split('\n')[0]).not.toContain('bare loop');
  });

  it('writes numbers as people read them', () => {
    expect(number(12_345.678, 1)).toBe('12,345.7');
    expect(number(Number.NaN, 1)).toBe('–');
  });
});
