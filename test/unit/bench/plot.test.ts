import { describe, expect, it } from 'vitest';
import { plot } from '../../../bench/plot.ts';
import type { Sample } from '../../../bench/sample.ts';

const sample = (contender: Sample['contender'], figures: Sample['figures']): Sample => ({
  phase: 'burst',
  contender,
  repeat: 1,
  objects: 5_000,
  figures,
});

/** Where the runs of a colour were drawn, the legend left out. */
const dots = (svg: string, colour: string): number[] =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="[\d.-]+" r="3.5" fill="(#\w+)"/g)]
    .filter((found) => found[2] === colour)
    .map((found) => Number(found[1]));
const [ours, go] = ['#0b7285', '#c2410c'];

describe('the plot', () => {
  it('draws every run as a dot, on one scale that begins at zero for both contenders', () => {
    const svg = plot(
      [
        sample('ours', { cpuMsPerObject: 0.5 }),
        sample('ours', { cpuMsPerObject: 0.25 }),
        sample('go', { cpuMsPerObject: 1 }),
      ],
      '',
    );
    const [a = 0, b = 0] = dots(svg, ours);
    const [most = 0] = dots(svg, go);
    const zero = 330;
    expect((a - zero) / (most - zero)).toBeCloseTo(0.5);
    expect((b - zero) / (most - zero)).toBeCloseTo(0.25);
  });

  it('shows the bare loop where it took part, and in its legend only then', () => {
    const all = [sample('ours', { cpuMsPerObject: 0.5 }), sample('go', { cpuMsPerObject: 1 })];
    const svg = plot([...all, sample('bare', { cpuMsPerObject: 0.4 })], '');
    expect(dots(svg, '#868e96')).toHaveLength(1);
    expect(svg).toContain('>bare loop<');
    expect(plot(all, '')).not.toContain('>bare loop<');
    expect(plot(all.slice(0, 1), '')).not.toContain('>controller-runtime<');
  });

  it('stays inside its frame when all runs are zero', () => {
    const svg = plot([sample('ours', { requests: 0 })], '');
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(dots(svg, ours)).toEqual([330]);
  });

  it('is well-formed where a caption has the signs that XML keeps for itself', () => {
    expect(plot([], 'a < b & c')).toContain('a &lt; b &amp; c');
  });

  it('leaves out what is better read in the table', () => {
    expect(dots(plot([sample('ours', { events: 100 })], ''), ours)).toEqual([]);
  });
});
