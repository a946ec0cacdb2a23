import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createProgress } from '../../tools/progress.ts';
import { promtoolProgram } from '../../tools/prometheus/programs.ts';
import { rendered, root } from './chart.ts';
import { buildMs, directoryOf, type Rules, readRules, rulesFile, said } from './observability.ts';

let promtool: string;
let rules: Rules;
beforeAll(async () => {
  promtool = await promtoolProgram(createProgress(), new AbortController().signal);
  rules = await readRules();
}, buildMs);

const alerts = () => rules.groups.flatMap((group) => group.rules);

/** Series by name, each a sample a minute in promtool's notation. */
type Series = Readonly<Record<string, string>>;

const target = (instance: string) => `namespace="sys", job="op", instance="${instance}"`;
/** A replica, with what else it shows. */
function replica(instance: string, leads: 0 | 1, more: Series = {}): Series {
  const at = (name: string) => {
    const [family = '', labels = ''] = name.split('|');
    return `${family}{${target(instance)}${labels === '' ? '' : `, ${labels}`}}`;
  };
  const series = {
    'acronis_upsell_operator_build_info|version="1.2.3"': '1x240',
    'leader_election_master_status|name="lease"': `${leads}x240`,
    ...more,
  };
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [at(name), values]));
}

interface Case {
  readonly alert: string;
  readonly what: string;
  readonly series: Series;
  /** Minutes. */
  readonly at: number;
  /** The labels besides name and severity; undefined: silent. */
  readonly fires?: Series;
}

const job = { namespace: 'sys', job: 'op' };
const notReady = (stalled: boolean) => `acronis_upsell_longest_not_ready_seconds|stalled="${stalled}"`;
const rejected = 'acronis_upsell_objects|reason="CredentialsRejected"';
const corrected = 'acronis_upsell_drift_corrected_total';
const assigned = 'acronis_upsell_objects|reason="BuyerAssigned"';
const lastEvent = 'reflector_last_event_timestamp_seconds|resource="tenantuserupsells.upsell.acronis.com"';

const accountRejected = 'acronis_upsell_accounts|reason="CredentialsRejected"';
const accountConnected = 'acronis_upsell_accounts|reason="Connected"';
const accountPending = 'acronis_upsell_accounts|reason="Pending"';
const feedRefused = 'acronis_upsell_account_feeds|reason="Refused"';
const feedFollowing = 'acronis_upsell_account_feeds|reason="Following"';
const withoutLink = 'acronis_upsell_tenants_without_buy_url';

const cases: readonly Case[] = [
  { alert: 'OperatorDown', what: 'nothing is scraped', series: {}, at: 11, fires: {} },
  { alert: 'OperatorDown', what: 'a replica is there', series: replica('a', 0), at: 11 },

  {
    alert: 'OperatorNotLeading',
    what: 'no replica leads',
    series: { ...replica('a', 0), ...replica('b', 0) },
    at: 6,
    fires: { ...job, name: 'lease' },
  },
  { alert: 'OperatorNotLeading', what: 'one of two leads', series: { ...replica('a', 0), ...replica('b', 1) }, at: 60 },
  {
    alert: 'OperatorNotLeading',
    what: 'the lease changes hands in three minutes',
    series: {
      ...replica('a', 0, { 'leader_election_master_status|name="lease"': '1x10 0x60' }),
      ...replica('b', 0, { 'leader_election_master_status|name="lease"': '0x13 1x60' }),
    },
    at: 14,
  },
  {
    alert: 'OperatorNotLeading',
    what: "another release's operator does not lead",
    series: {
      ...replica('a', 1),
      'leader_election_master_status{namespace="x", job="y", instance="z", name="w"}': '0x60',
    },
    at: 30,
  },

  {
    alert: 'WatchStalled',
    what: 'nothing comes any more',
    series: replica('a', 1, { [lastEvent]: '0+60x10 600x60' }),
    at: 18,
    fires: { ...job, instance: 'a', resource: 'tenantuserupsells.upsell.acronis.com' },
  },
  {
    alert: 'WatchStalled',
    what: 'a bookmark a minute comes',
    series: replica('a', 1, { [lastEvent]: '0+60x60' }),
    at: 55,
  },

  {
    alert: 'CredentialsRejected',
    what: 'the leader counts objects that wait for credentials',
    series: replica('a', 1, { [rejected]: '3x60' }),
    at: 11,
    fires: { ...job, reason: 'CredentialsRejected' },
  },
  { alert: 'CredentialsRejected', what: 'none does', series: replica('a', 1, { [rejected]: '0x60' }), at: 30 },
  {
    alert: 'CredentialsRejected',
    what: 'they are mended within minutes',
    series: replica('a', 1, { [rejected]: '0x5 3x8 0x60' }),
    at: 14,
  },
  {
    alert: 'CredentialsRejected',
    what: 'only a replica that does not lead still thinks so',
    series: { ...replica('a', 0, { [rejected]: '3x60' }), ...replica('b', 1, { [rejected]: '0x60' }) },
    at: 30,
  },

  {
    alert: 'Throttled',
    what: 'two thirds of the time requests are held back',
    series: replica('a', 1, { acronis_throttled_seconds_total: '0+40x120' }),
    at: 90,
    fires: job,
  },
  {
    alert: 'Throttled',
    what: 'requests were held back once for a quarter of an hour',
    series: replica('a', 1, { acronis_throttled_seconds_total: '0x40 900x80' }),
    at: 69,
  },

  {
    alert: 'CircuitOpen',
    what: 'Acronis does not respond to an account',
    series: replica('a', 1, { acronis_circuit_open: '1x60' }),
    at: 6,
    fires: job,
  },
  {
    alert: 'CircuitOpen',
    what: 'it was back soon',
    series: replica('a', 1, { acronis_circuit_open: '0x5 1x3 0x60' }),
    at: 9,
  },

  {
    alert: 'ObjectsNotReady',
    what: 'an object has been waiting for half an hour',
    series: replica('a', 1, { [notReady(false)]: '0+60x60' }),
    at: 32,
    fires: job,
  },
  {
    alert: 'ObjectsNotReady',
    what: 'it became Ready after twenty minutes, and another one is waited for',
    series: replica('a', 1, { [notReady(false)]: '0+60x20 0+60x20' }),
    at: 39,
  },
  {
    alert: 'ObjectsNotReady',
    what: 'one that has been waiting for a person for hours has a spell of trouble',
    series: replica('a', 1, { [notReady(false)]: '0x20 7200+60x12 0x60' }),
    at: 33,
  },
  {
    alert: 'ObjectsNotReady',
    what: 'the one that waits waits for a person',
    series: replica('a', 1, { [notReady(true)]: '0+60x120', [notReady(false)]: '0x120' }),
    at: 100,
  },
  {
    alert: 'ObjectsStalled',
    what: 'an object waits for a person for longer than an hour',
    series: replica('a', 1, { [notReady(true)]: '0+60x120' }),
    at: 67,
    fires: job,
  },
  {
    alert: 'ObjectsStalled',
    what: 'a person came within the hour',
    series: replica('a', 1, { [notReady(true)]: '0+60x50 0x60' }),
    at: 67,
  },

  {
    alert: 'RevocationGivenUp',
    what: 'an object was released ten minutes ago',
    series: replica('a', 1, { acronis_upsell_revocations_given_up_total: '0x10 1x120' }),
    at: 20,
    fires: job,
  },
  {
    alert: 'RevocationGivenUp',
    what: 'that was yesterday',
    series: replica('a', 1, { acronis_upsell_revocations_given_up_total: '0x10 1x120' }),
    at: 90,
  },

  {
    alert: 'DriftStorm',
    what: 'types of a small fleet are assigned again once a minute',
    series: replica('a', 1, { [corrected]: '0+1x120', [assigned]: '100x120' }),
    at: 90,
    fires: job,
  },
  {
    alert: 'DriftStorm',
    what: 'an administrator edits twenty users',
    series: replica('a', 1, { [corrected]: '0x10 0+2x10 20x120', [assigned]: '100x120' }),
    at: 40,
  },
  {
    alert: 'DriftStorm',
    what: 'it is few for a large fleet',
    series: replica('a', 1, { [corrected]: '0+1x120', [assigned]: '1000x120' }),
    at: 90,
  },

  {
    alert: 'AccountNotReady',
    what: 'the credentials of an account are rejected',
    series: replica('a', 1, { [accountRejected]: '1x60', [accountConnected]: '4x60' }),
    at: 16,
    fires: { ...job, reason: 'CredentialsRejected' },
  },
  {
    alert: 'AccountNotReady',
    what: 'all accounts are connected, or were made just now',
    series: replica('a', 1, { [accountRejected]: '0x60', [accountConnected]: '4x60', [accountPending]: '1x60' }),
    at: 40,
  },
  {
    alert: 'AccountNotReady',
    what: 'an account comes back within minutes',
    series: replica('a', 1, { [accountRejected]: '0x5 1x10 0x60' }),
    at: 18,
  },
  {
    alert: 'ChangeFeedNotFollowed',
    what: 'a feed is refused',
    series: replica('a', 1, { [feedRefused]: '2x60', [feedFollowing]: '1x60' }),
    at: 31,
    fires: { ...job, reason: 'Refused' },
  },
  {
    alert: 'ChangeFeedNotFollowed',
    what: 'all feeds are followed',
    series: replica('a', 1, { [feedRefused]: '0x60', [feedFollowing]: '3x60' }),
    at: 50,
  },
  {
    alert: 'ChangeFeedNotFollowed',
    what: 'only a replica that does not lead still thinks so',
    series: { ...replica('a', 0, { [feedRefused]: '1x60' }), ...replica('b', 1, { [feedRefused]: '0x60' }) },
    at: 50,
  },
  {
    alert: 'BuyersWithoutLink',
    what: 'administrators of two tenants see no link',
    series: replica('a', 1, { [withoutLink]: '2x120' }),
    at: 61,
    fires: job,
  },
  {
    alert: 'BuyersWithoutLink',
    what: 'every administrator sees one',
    series: replica('a', 1, { [withoutLink]: '0x120' }),
    at: 100,
  },
];

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

/** Runs promtool's tests of these cases against these rules. */
async function tested(text: string, of: readonly Case[]) {
  const tests = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: of.map(promtoolTest),
  };
  const dir = await directoryOf({ 'rules.yaml': text, 'tests.yaml': stringify(tests, { lineWidth: 0 }) });
  return await said(promtool, ['test', 'rules', join(dir, 'tests.yaml')]);
}

it('promtool accepts the rules', async () => {
  const { said: words, exitCode } = await said(promtool, ['check', 'rules', rulesFile]);
  expect(exitCode, words).toBe(0);
  expect(words).toContain(`${alerts().length} rules found`);
});

it('each alert fires when it should and is silent when it should be', async () => {
  const { said: words, exitCode } = await tested(await readFile(rulesFile, 'utf8'), cases);
  expect(exitCode, words).toBe(0);
});

it('every alert has a case in which it fires, and one in which it does not', () => {
  const names = (of: readonly Case[]) => [...new Set(of.map(nameOf))].toSorted();
  const all = alerts()
    .map(({ alert }) => alert)
    .toSorted();
  expect(names(cases.filter(({ fires }) => fires !== undefined))).toEqual(all);
  expect(names(cases.filter(({ fires }) => fires === undefined))).toEqual(all);
});

/** The alerts of cases that promtool says failed. */
const failed = (words: string): string[] =>
  [...words.matchAll(/expr: "ALERTS\{alertname=\\"(\w+)\\"/g)].map(([, name = '']) => name);

it('the measure itself: cases fail where an alert always fires, and where it never does', async () => {
  const changed = (change: (rule: Rules['groups'][number]['rules'][number]) => object) =>
    stringify({ groups: rules.groups.map((group) => ({ ...group, rules: group.rules.map(change) })) });
  const never = await tested(
    changed((rule) => ({ ...rule, expr: `(${rule.expr}) and vector(1) > 1` })),
    cases,
  );
  expect(never.exitCode).not.toBe(0);
  expect(failed(never.said)).toEqual(cases.filter(({ fires }) => fires !== undefined).map(nameOf));
  const always = await tested(
    changed(({ for: _, ...rule }) => ({ ...rule, expr: 'vector(1)' })),
    cases,
  );
  expect(new Set(failed(always.said))).toEqual(new Set(alerts().map(({ alert }) => alert)));
});

it('what people read says how much and for how long', async () => {
  const text = await readFile(rulesFile, 'utf8');
  const series = Object.entries(replica('pod-1', 1, { [lastEvent]: '0x60' })).map(([name, values]) => ({
    series: name,
    values,
  }));
  const exp_annotations = {
    summary: 'The watch on the API server is dead.',
    description:
      'pod-1 has received nothing about tenantuserupsells.upsell.acronis.com for 10m 0s; there is a bookmark about every minute. Edits are not seen.',
    runbook_url: 'docs/runbooks.md#acronisupsellwatchstalled',
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
  const dir = await directoryOf({
    'rules.yaml': text,
    'tests.yaml': stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [test] }),
  });
  const { said: words, exitCode } = await said(promtool, ['test', 'rules', join(dir, 'tests.yaml')]);
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
    expect(documented).toEqual(real);
  });

  it('each alert links to its own', () => {
    for (const { alert, annotations } of alerts())
      expect(annotations.runbook_url).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
  });
});

it('the chart renders rules that promtool accepts too', async () => {
  const { text } = await rendered({ metrics: { prometheusRule: { enabled: true } } });
  const [rule = ''] = text.split(/^---$/m).filter((each) => each.includes('kind: PrometheusRule'));
  const dir = await directoryOf({
    'rules.yaml': /^spec:\n([\s\S]*)/m.exec(rule)?.[1]?.replaceAll(/^ {2}/gm, '') ?? '',
  });
  const { said: words, exitCode } = await said(promtool, ['check', 'rules', join(dir, 'rules.yaml')]);
  expect(exitCode, words).toBe(0);
  expect(words).toContain(`${alerts().length} rules found`);
});
