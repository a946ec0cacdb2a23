/** When the alerts of the objectives fire, and what their recorded shares are: what promtool is asked. */
import { type Case, job, replica, type Series } from './alert-cases.ts';
import { release } from './observability.ts';

interface Objective {
  readonly alert: string;
  readonly metric: string;
  /** The threshold by default, as Prometheus 3 writes it, and as the page of the operator does. */
  readonly within: readonly [string, string];
}

const objectives: readonly Objective[] = [
  { alert: 'EditToReady', metric: 'acronis_upsell_edit_to_ready', within: ['30.0', '30'] },
  { alert: 'DriftCorrection', metric: 'acronis_upsell_drift_correction', within: ['60.0', '60'] },
  { alert: 'FeedAge', metric: 'acronis_upsell_feed_age', within: ['60.0', '60'] },
];

const burning = { ...job, upsell_release: 'sys/demo-acronis-upsell-operator' };

/** Events as samples a minute, and those of them in time. */
const events = ({ metric, within }: Objective, count: string, inTime: string, of = release, form = 0): Series =>
  replica(
    'a',
    1,
    { [`${metric}_seconds_count`]: count, [`${metric}_seconds_bucket|le="${within[form]}"`]: inTime },
    of,
  );

export const objectiveCases: readonly Case[] = objectives.flatMap((each) => {
  const fast = `${each.alert}FastBurn`;
  const slow = `${each.alert}SlowBurn`;
  const elsewhere = { namespace: 'other', job: release.job };
  return [
    { alert: fast, what: 'one in five is late', series: events(each, '0+10x200', '0+8x200'), at: 90, fires: burning },
    {
      alert: fast,
      what: 'the same, from a Prometheus that keeps bounds as they are written',
      series: events(each, '0+10x200', '0+8x200', release, 1),
      at: 90,
      fires: burning,
    },
    { alert: fast, what: 'one in ten is late', series: events(each, '0+10x200', '0+9x200'), at: 90 },
    {
      alert: fast,
      what: 'the trouble ended ten minutes ago',
      series: events(each, '0+10x200', '0x60 0+10x140'),
      at: 71,
    },
    { alert: fast, what: 'it began a minute ago', series: events(each, '0+10x200', '0+10x99 990x100'), at: 101 },
    { alert: fast, what: 'four of four are late', series: events(each, '0x60 1 2 3 4x100', '0x163'), at: 66 },
    { alert: fast, what: 'nothing happened', series: events(each, '0x200', '0x200'), at: 90 },
    {
      alert: fast,
      what: 'another release is late',
      series: { ...events(each, '0+10x200', '0+10x200'), ...events(each, '0+10x200', '0x200', elsewhere) },
      at: 90,
    },
    {
      alert: fast,
      what: 'another release is in time',
      series: { ...events(each, '0+10x200', '0+8x200'), ...events(each, '0+100x200', '0+100x200', elsewhere) },
      at: 90,
      fires: burning,
    },
    { alert: slow, what: 'one in ten is late', series: events(each, '0+10x500', '0+9x500'), at: 400, fires: burning },
    { alert: slow, what: 'one in twenty is late', series: events(each, '0+20x500', '0+19x500'), at: 400 },
    {
      alert: slow,
      what: 'the trouble ended an hour ago',
      series: events(each, '0+10x500', '0x300 0+10x200'),
      at: 362,
    },
  ];
});

/** A recorded series at a time, as promtool compares it. */
export interface RecordedCase {
  readonly record: string;
  readonly series: Series;
  /** Minutes. */
  readonly at: number;
  readonly share: number;
}

/** In the last minutes of each window half of the events are late, before it none: a window of another length would see another share. */
export const recordedCases: readonly RecordedCase[] = objectives.flatMap((each) =>
  [
    ['5m', 5],
    ['30m', 30],
    ['1h', 60],
    ['6h', 360],
  ].map(([window, minutes]) => ({
    record: `${each.metric}:late:ratio_rate${window}`,
    series: events(each, '0+10x800', `0+10x400 4000+5x400`),
    at: 400 + Number(minutes),
    share: 0.5,
  })),
);

export const recordedLabels = burning;
