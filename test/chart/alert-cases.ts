/** When each alert fires, and when it does not: what promtool is asked. */
import { release } from './observability.ts';

/** Series by name, each a sample a minute in promtool's notation. */
export type Series = Readonly<Record<string, string>>;

const target = (instance: string, { namespace, job }: typeof release) =>
  `namespace="${namespace}", job="${job}", instance="${instance}"`;
/** A replica, with what else it shows. */
export function replica(instance: string, leads: 0 | 1, more: Series = {}, of = release): Series {
  const at = (name: string) => {
    const [family = '', labels = ''] = name.split('|');
    return `${family}{${target(instance, of)}${labels === '' ? '' : `, ${labels}`}}`;
  };
  const series = {
    'acronis_upsell_operator_build_info|version="1.2.3"': '1x240',
    'leader_election_master_status|name="lease"': `${leads}x240`,
    ...more,
  };
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [at(name), values]));
}

export interface Case {
  readonly alert: string;
  readonly what: string;
  readonly series: Series;
  /** Minutes. */
  readonly at: number;
  /** The labels besides name and severity; undefined: silent. */
  readonly fires?: Series;
}

/** The labels of what fires about a release. */
export const job = release;
const other = { namespace: 'other', job: release.job };
const notReady = (stalled: boolean) => `acronis_upsell_longest_not_ready_seconds|stalled="${stalled}"`;
const rejected = 'acronis_upsell_objects|reason="CredentialsRejected"';
const corrected = 'acronis_upsell_drift_corrected_total';
const assigned = 'acronis_upsell_objects|reason="BuyerAssigned"';
const braked = 'acronis_upsell_policies|reason="Braked"';
export const lastEvent = 'reflector_last_event_timestamp_seconds|resource="tenantuserupsells.upsell.acronis.com"';

const accountRejected = 'acronis_upsell_accounts|reason="CredentialsRejected"';
const accountConnected = 'acronis_upsell_accounts|reason="Connected"';
const accountPending = 'acronis_upsell_accounts|reason="Pending"';
const feedRefused = 'acronis_upsell_account_feeds|reason="Refused"';
const feedFollowing = 'acronis_upsell_account_feeds|reason="Following"';
const withoutLink = 'acronis_upsell_tenants_without_buy_url';

export const alertCases: readonly Case[] = [
  { alert: 'OperatorDown', what: 'nothing is scraped', series: {}, at: 11, fires: job },
  { alert: 'OperatorDown', what: 'a replica is there', series: replica('a', 0), at: 11 },
  {
    alert: 'OperatorDown',
    what: 'only another release is well',
    series: { ...replica('a', 1, {}, other), ...replica('b', 1, {}, { ...release, job: 'second' }) },
    at: 11,
    fires: job,
  },

  {
    alert: 'OperatorNotLeading',
    what: 'no replica leads',
    series: { ...replica('a', 0), ...replica('b', 0) },
    at: 6,
    fires: { ...job, name: 'lease' },
  },
  {
    alert: 'OperatorNotLeading',
    what: 'the leader is of another release',
    series: { ...replica('a', 0), ...replica('b', 1, {}, other) },
    at: 6,
    fires: { ...job, name: 'lease' },
  },
  {
    alert: 'CredentialsRejected',
    what: 'they are of another release, whose own rules say so',
    series: { ...replica('a', 1, { [rejected]: '0x60' }), ...replica('b', 1, { [rejected]: '3x60' }, other) },
    at: 30,
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
    alert: 'PolicyBraked',
    what: 'removals have been held for an hour',
    series: replica('a', 1, { [braked]: '1x120' }),
    at: 62,
    fires: { ...job, reason: 'Braked' },
  },
  {
    alert: 'PolicyBraked',
    what: 'a person let them through within the hour',
    series: replica('a', 1, { [braked]: '1x50 0x60' }),
    at: 62,
  },
  {
    alert: 'PolicyNoProgress',
    what: 'a policy has been Progressing for longer than two hours and changes no child',
    series: replica('a', 1, { acronis_upsell_policy_no_progress_seconds: '0+60x180' }),
    at: 132,
    fires: job,
  },
  {
    alert: 'PolicyNoProgress',
    what: 'some are made every hour, as limits.maxNewPerHour lets them',
    series: replica('a', 1, { acronis_upsell_policy_no_progress_seconds: '0+60x60 0+60x60 0+60x60' }),
    at: 180,
  },
  {
    alert: 'PolicyNotReady',
    what: 'the users of a policy cannot be listed for longer than an hour',
    series: replica('a', 1, { acronis_upsell_policy_not_ready_seconds: '0+60x120' }),
    at: 67,
    fires: job,
  },
  {
    alert: 'PolicyNotReady',
    what: 'they could be again after half an hour',
    series: replica('a', 1, { acronis_upsell_policy_not_ready_seconds: '0+60x30 0x60' }),
    at: 80,
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
