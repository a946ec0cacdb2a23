import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { objectiveBuckets } from '../../src/observability/metrics/objectives.ts';
import { createProgress } from '../../tools/progress.ts';
import { promtoolProgram } from '../../tools/prometheus/programs.ts';
import { alertCases, type Case, job, lastEvent, replica, type Series } from './alert-cases.ts';
import { chartDir, refusal, root } from './chart.ts';
import { objectiveCases, type RecordedCase, recordedCases, recordedLabels } from './objective-cases.ts';
import {
  type Alert,
  alertsOf,
  buildMs,
  directoryOf,
  type Rules,
  readRules,
  recordingsOf,
  said,
} from './observability.ts';

const cases = [...alertCases, ...objectiveCases];
/** promtool evaluates hours of series, minute by minute. */
const promtoolMs = 240_000;

let promtool: string;
let rules: Rules;
beforeAll(async () => {
  promtool = await promtoolProgram(createProgress(), new AbortController().signal);
  rules = await readRules();
}, buildMs);

const alerts = () => alertsOf(rules);
const text = () => stringify(rules, { lineWidth: 0 });

const nameOf = ({ alert }: Case) => `AcronisUpsell${alert}`;
const titleOf = (each: Case) => `${nameOf(each)} ${each.fires === undefined ? 'is silent' : 'fires'}: ${each.what}`;
const selector = (labels: Series): string =>
  `ALERTS{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`;

/** A group of promtool's tests: what is pending does not count. */
function promtoolTest(each: Case) {
  const alertname = nameOf(each);
  const severity = alerts().find(({ alert }) => alert === alertname)?.labels.severity ?? 'unknown';
  const expected = each.fires && selector({ alertname, alertstate: 'firing', severity, ...each.fires });
  return {
    name: titleOf(each),
    interval: '1m',
    input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
        eval_time: `${each.at}m`,
        ...(expected === undefined ? {} : { exp_samples: [{ labels: expected, value: 1 }] }),
      },
    ],
  };
}

function recordedTest({ record, series, at, share }: RecordedCase) {
  const labels = Object.entries(recordedLabels).map(([name, value]) => `${name}="${value}"`);
  return {
    name: `${record} is ${share}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: record,
        eval_time: `${at}m`,
        exp_samples: [{ labels: `${record}{${labels.join(', ')}}`, value: share }],
      },
    ],
  };
}

/** Runs promtool's tests against these rules. */
async function tested(rulesText: string, tests: readonly object[], interval = '1m') {
  const file = { rule_files: ['rules.yaml'], evaluation_interval: interval, fuzzy_compare: true, tests };
  const dir = await directoryOf({ 'rules.yaml': rulesText, 'tests.yaml': stringify(file, { lineWidth: 0 }) });
  return await said(promtool, ['test', 'rules', join(dir, 'tests.yaml')]);
}

it('promtool accepts the rules as the chart renders them', async () => {
  const dir = await directoryOf({ 'rules.yaml': text() });
  const { said: words, exitCode } = await said(promtool, ['check', 'rules', join(dir, 'rules.yaml')]);
  expect(exitCode, words).toBe(0);
  expect(words).toContain(`${alerts().length + recordingsOf(rules).length} rules found`);
});

/**
 * The cases against rules that were changed, in the order of the cases: each case with the rules of its own group, since promtool evaluates all rules that it is
 * given in every minute of every case.
 */
async function testedCases(change: (rule: Alert) => object = (rule) => rule) {
  const ended: { said: string; exitCode: number | undefined }[] = [];
  for (const group of rules.groups) {
    const own = cases.filter((each) => group.rules.some((rule) => 'alert' in rule && rule.alert === nameOf(each)));
    const changed = { ...group, rules: group.rules.map((rule) => ('alert' in rule ? change(rule) : rule)) };
    ended.push(await tested(stringify({ groups: [changed] }), own.map(promtoolTest)));
  }
  return {
    words: ended.map(({ said: words }) => words).join('\n'),
    isWell: ended.every(({ exitCode }) => exitCode === 0),
  };
}

it(
  'each alert fires when it should and is silent when it should be',
  async () => {
    const { words, isWell } = await testedCases();
    expect(isWell, words).toBe(true);
  },
  promtoolMs,
);

it(
  'each recorded share is that of its window',
  async () => {
    const recordings = stringify({ groups: [{ name: 'recordings', interval: '5m', rules: recordingsOf(rules) }] });
    const { said: words, exitCode } = await tested(recordings, recordedCases.map(recordedTest), '5m');
    expect(exitCode, words).toBe(0);
    const [first] = recordedCases;
    const wrong = await tested(recordings, first === undefined ? [] : [recordedTest({ ...first, share: 0.4 })], '5m');
    expect(wrong.exitCode).not.toBe(0);
  },
  promtoolMs,
);

it('no rule is without a case: every alert has one in which it fires and one in which it does not, every recording its share', () => {
  const names = (of: readonly Case[]) => [...new Set(of.map(nameOf))].toSorted();
  const all = alerts()
    .map(({ alert }) => alert)
    .toSorted();
  expect(names(cases.filter(({ fires }) => fires !== undefined))).toEqual(all);
  expect(names(cases.filter(({ fires }) => fires === undefined))).toEqual(all);
  const recorded = recordingsOf(rules).map(({ record }) => record);
  expect(recordedCases.map(({ record }) => record).toSorted()).toEqual(recorded.toSorted());
});

/** The alerts of cases that promtool says failed. */
const failed = (words: string): string[] =>
  [...words.matchAll(/expr: "ALERTS\{alertname=\\"(\w+)\\"/g)].map(([, name = '']) => name);

it(
  'the measure itself: cases fail where an alert always fires, and where it never does',
  async () => {
    const never = await testedCases((rule) => ({ ...rule, expr: `(${rule.expr}) and vector(1) > 1` }));
    expect(never.isWell).toBe(false);
    expect(failed(never.words).toSorted()).toEqual(
      cases
        .filter(({ fires }) => fires !== undefined)
        .map(nameOf)
        .toSorted(),
    );
    const always = await testedCases(({ for: _, ...rule }) => ({ ...rule, expr: 'vector(1)' }));
    expect(new Set(failed(always.words))).toEqual(new Set(alerts().map(({ alert }) => alert)));
  },
  promtoolMs,
);

it('what people read says how much and for how long', async () => {
  const { groups } = await readRules({ runbookURL: 'https://example.com/runbooks.md#' });
  const series = Object.entries(replica('pod-1', 1, { [lastEvent]: '0x60' })).map(([name, values]) => ({
    series: name,
    values,
  }));
  const exp_annotations = {
    summary: 'The watch on the API server is dead.',
    description:
      'pod-1 has received nothing about tenantuserupsells.upsell.acronis.com for 10m 0s; there is a bookmark about every minute. Edits are not seen.',
    runbook_url: 'https://example.com/runbooks.md#acronisupsellwatchstalled',
  };
  const exp_labels = {
    ...job,
    instance: 'pod-1',
    resource: 'tenantuserupsells.upsell.acronis.com',
    severity: 'critical',
  };
  const test = {
    interval: '1m',
    input_series: series,
    alert_rule_test: [
      { eval_time: '10m', alertname: 'AcronisUpsellWatchStalled', exp_alerts: [{ exp_labels, exp_annotations }] },
    ],
  };
  const { said: words, exitCode } = await tested(stringify({ groups }), [test]);
  expect(exitCode, words).toBe(0);
});

describe('runbooks', () => {
  it('each alert has one, and each one has its alert, with the same severity', async () => {
    const page = await readFile(`${root}docs/runbooks.md`, 'utf8');
    const documented = [...page.matchAll(/^## (\w+)\n\n\*\*(\w+)\.\*\*/gm)].map(
      ([, name, severity]) => `${name} ${severity}`,
    );
    const real = alerts().map(
      ({ alert, labels: { severity } }) => `${alert} ${severity.charAt(0).toUpperCase()}${severity.slice(1)}`,
    );
    expect(documented.toSorted()).toEqual(real.toSorted());
  });

  it('each alert carries its own as text, with the names of its release, and no link that works only in a checkout', () => {
    for (const { alert, annotations } of alerts()) {
      expect(annotations.runbook_url).toBeUndefined();
      expect(annotations.runbook, alert).toMatch(/^\*\*(Critical|Warning|Info)\.\*\* /);
      expect(annotations.runbook, alert).not.toMatch(/-n NS|deploy\/acronis-upsell-operator|\]\(/);
    }
    const down = alerts().find(({ alert }) => alert === 'AcronisUpsellOperatorDown');
    expect(down?.annotations.runbook).toContain('kubectl -n sys logs deploy/demo-acronis-upsell-operator --previous');
  });

  it('an alert links to its own where an address is given', async () => {
    for (const { alert, annotations } of alertsOf(await readRules({ runbookURL: 'https://example.com/runbooks' }))) {
      expect(annotations.runbook).toBeUndefined();
      expect(annotations.runbook_url).toBe(`https://example.com/runbooks/${alert.toLowerCase()}`);
    }
  });
});

describe('a release', () => {
  const metric =
    /\b(?:acronis_\w+|leader_election_\w+|reflector_\w+|controller_runtime_\w+|workqueue_\w+|rest_client_\w+)(?![\w:])(\{[^}]*\})?/g;

  it('has alerts about its own series alone: every one of them is chosen by namespace and job', () => {
    const chosen = `namespace="${job.namespace}", job="${job.job}"`;
    for (const { expr } of [...alerts(), ...recordingsOf(rules)]) {
      const series = [...expr.matchAll(metric)].filter(([, matchers]) => !matchers?.startsWith('{upsell_release='));
      for (const [whole, matchers] of series)
        expect(matchers?.startsWith(`{${chosen}`), `${whole} in ${expr}`).toBe(true);
    }
  });

  it('that is scraped in another way says how its series are found', async () => {
    const found = await readRules({ selector: 'job="pods", pod=~"upsell-.*"' });
    expect(alertsOf(found)[0]?.expr).toBe('absent(acronis_upsell_operator_build_info{job="pods", pod=~"upsell-.*"})');
    expect(await refusal({ metrics: { prometheusRule: { selector: 'job=pods' } } })).toContain('selector');
  });
});

describe('objectives', () => {
  it('are of values: share and time', async () => {
    const found = await readRules({ objectives: { editToReady: { percent: 99.9, withinSeconds: 10 } } });
    const { expr = '' } = alertsOf(found).find(({ alert }) => alert === 'AcronisUpsellEditToReadyFastBurn') ?? {};
    expect(expr).toContain('> 14.4 * 0.001 ');
    expect(expr).toContain('le=~"10(.0)?"');
  });

  it('have times that are bounds of the histograms, so that no share is guessed', async () => {
    const schema = await readFile(`${chartDir}/values.schema.json`, 'utf8');
    const bounds = /"withinSeconds": \{\s*"enum": (\[[^\]]*\])/.exec(schema)?.[1] ?? '';
    expect(JSON.parse(bounds)).toEqual(objectiveBuckets);
    const between = { prometheusRule: { enabled: true, objectives: { feedAge: { withinSeconds: 61 } } } };
    expect(await refusal({ metrics: between })).toContain('withinSeconds');
  });

  it('that no poll could keep are refused', async () => {
    const values = { reconcile: { driftInterval: '1m' }, metrics: { prometheusRule: { enabled: true } } };
    expect(await refusal(values)).toContain(
      'objectives.driftCorrection.withinSeconds is 60, but changes are asked for every 1m (reconcile.driftInterval): write at least twice that',
    );
  });

  it('whose alerts are left out record nothing either', async () => {
    const disabled = ['AcronisUpsellFeedAgeFastBurn', 'AcronisUpsellFeedAgeSlowBurn'];
    expect(recordingsOf(await readRules({ disabled })).map(({ record }) => record)).toEqual(
      recordingsOf(rules)
        .map(({ record }) => record)
        .filter((record) => !record.startsWith('acronis_upsell_feed_age:')),
    );
  });
});
