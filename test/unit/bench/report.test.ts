import { describe, expect, it } from 'vitest';
import { begin, end, replaceResults } from '../../../bench/docs.ts';
import { parseOptions } from '../../../bench/options.ts';
import { groupOf, shortSource, timeSpent } from '../../../bench/profile.ts';
import { merge, type Report } from '../../../bench/report.ts';
import { slopes } from '../../../bench/run.ts';
import type { Sample } from '../../../bench/sample.ts';

const sample = (phase: string, cpuS: number): Sample => ({
  phase,
  contender: 'ours',
  repeat: 1,
  objects: 10,
  figures: { cpuS },
});
const report = (startedAt: string, ...samples: Sample[]): Report => ({
  startedAt,
  machine: { cpu: 'some', cores: 2, memoryGiB: 24, system: 'linux 6' },
  versions: { operator: '1', node: '24', kubernetes: 'v1.36.3' },
  load: { before: [0], after: [0] },
  settings: {},
  samples,
});

describe('reports of several runs', () => {
  it('are shown together, each phase from the latest that has it', () => {
    const earlier = report('2026-01-01', sample('burst', 1), sample('restart', 2));
    const later = report('2026-01-02', sample('burst', 3));
    for (const order of [
      [earlier, later],
      [later, earlier],
    ])
      expect(
        merge(order)
          .samples.map(({ phase, figures }) => [phase, figures['cpuS']])
          .sort(),
      ).toEqual([
        ['burst', 3],
        ['restart', 2],
      ]);
  });

  it('names whom a later one has not measured again', () => {
    const peer = (phase: string): Sample => ({ ...sample(phase, 9), contender: 'go' });
    const both = report('2026-01-01', sample('burst', 1), peer('burst'), sample('restart', 2), peer('restart'));
    const alone = report('2026-01-02', sample('burst', 3));
    const { samples, lost } = merge([both, alone]);
    expect(samples.filter(({ contender }) => contender === 'go').map(({ phase }) => phase)).toEqual(['restart']);
    expect(lost).toEqual([
      'burst, 10 objects: an earlier report has controller-runtime too, the one that is shown has not',
    ]);
    const again = report('2026-01-03', sample('burst', 4), peer('burst'));
    expect(merge([both, alone, again]).lost).toEqual([]);
  });
});

describe('results in the documentation', () => {
  const page = `before\n${begin}\nold\n${end}\nafter\n`;

  it('take the place of the old ones between the markers, and nothing else changes', () => {
    expect(replaceResults(page, 'new\n')).toBe(`before\n${begin}\n\nnew\n\n${end}\nafter\n`);
    expect(replaceResults(replaceResults(page, 'new'), 'new')).toBe(replaceResults(page, 'new'));
  });

  it('are refused where a marker is missing, twice there, or in the wrong order', () => {
    for (const bad of ['no markers', `${begin}`, `${end}${begin}`, page + page])
      expect(() => replaceResults(bad, 'new')).toThrow(/once each/);
  });
});

describe('a profile', () => {
  const frame = (id: number, functionName: string, url: string) => ({
    id,
    callFrame: { functionName, url, lineNumber: id, columnNumber: 0 },
  });

  it('adds up self time by function and layer, and leaves idle time out', () => {
    const spent = timeSpent(
      {
        nodes: [
          frame(1, '(idle)', ''),
          frame(2, 'read', 'file:///x/main.js'),
          frame(3, 'write', 'file:///x/chunks/A.js'),
          frame(4, '(garbage collector)', ''),
        ],
        samples: [1, 2, 3, 2, 4],
        timeDeltas: [50_000, 1_000, 2_000, 3_000, 4_000],
      },
      (url, line) => {
        if (url === 'file:///x/main.js' && line === 2) return '../src/acronis/batch.ts';
        return url === 'file:///x/chunks/A.js' ? '../../node_modules/undici/lib/core/request.js' : undefined;
      },
    );
    expect(spent.totalMs).toBe(10);
    expect(spent.idleMs).toBe(50);
    expect(spent.byGroup).toEqual([
      ['ours: acronis', 4],
      ['garbage collection (main thread)', 4],
      ['undici', 2],
    ]);
    expect(spent.byFunction[0]).toEqual(['read  src/acronis/batch.ts', 4]);
  });

  it('names packages, scoped ones too, and our own layers', () => {
    expect(shortSource('../../node_modules/@kubernetes/client-node/dist/config.js')).toBe(
      '@kubernetes/client-node/dist/config.js',
    );
    expect(groupOf({ name: 'a', source: '@kubernetes/client-node/dist/config.js' })).toBe('@kubernetes/client-node');
    expect(groupOf({ name: 'a', source: 'node:internal/tls/wrap' })).toBe('TLS (node)');
    expect(groupOf({ name: 'parse', source: '' })).toBe('JSON (native)');
  });
});

describe('the slope of memory', () => {
  it('is given by contender, in bytes per further object', () => {
    const weighed = (contender: Sample['contender'], objects: number, rssMiB: number): Sample => ({
      phase: 'memory',
      contender,
      repeat: 1,
      objects,
      figures: { rssMiB },
    });
    const found = slopes([weighed('ours', 0, 70), weighed('ours', 2 ** 20, 71), weighed('go', 1_000, 40)]);
    expect(found.map(({ contender, figures }) => [contender, figures['bytesPerObject'], figures['rssMiB']])).toEqual([
      ['ours', 1, 70],
    ]);
  });
});

describe('the options', () => {
  const parse = (...argv: string[]) => parseOptions(['node', 'bench', ...argv]);

  it('are those of the documented run where nothing is said', () => {
    expect(parse()).toMatchObject({ objects: 5_000, fleet: 50_000, repeat: 3 });
    expect(parse().vs).toEqual([]);
  });

  it('are small with --quick, except for what is said', () => {
    expect(parse('--quick', '--objects', '7')).toMatchObject({ objects: 7, fleet: 100, repeat: 1 });
  });

  it('take lists of peers and of scenarios, and none of these for showing earlier results only', () => {
    expect(parse('--scenario', 'burst,churn').scenario).toEqual(['burst', 'churn']);
    expect(parse('--scenario', 'none').scenario).toEqual([]);
    expect(parse('--vs', 'go,bare').vs).toEqual(['go', 'bare']);
  });
});
