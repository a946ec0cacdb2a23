/**
 * What is judged of one API client, from what was seen of it. Pure. Whether it may write is judged without writing: by what its token says, and by what the
 * operator has done with it already.
 */
import type { CredentialsResult } from '../../acronis/credentials.ts';
import type { AcronisErrorKind } from '../../acronis/errors.ts';
import type { RequestsPerHour } from '../../fleet/metrics.ts';
import { fail, failWhole, type Judged, notChecked, pass, warn } from './line.ts';

/** How a call ended. `message` says what to do, too. */
export type CallEnd<T> =
  | { readonly kind: 'served'; readonly value: T }
  | { readonly kind: 'failed'; readonly cause: AcronisErrorKind; readonly message: string }
  /** It was not made, since what it needs failed. */
  | { readonly kind: 'notMade'; readonly why: string };

/** @param others API clients that are given in other places: then there need not be one of the operator's own. */
export function judgeCredentials(read: CredentialsResult, others: number): Judged {
  switch (read.kind) {
    case 'found':
      return pass(`Complete, for ${new URL(read.credentials.url).host}.`);
    case 'urlNotAllowed':
      return failWhole(read.problem);
    case 'missing':
      return others > 0
        ? warn(read.problem, 'Nothing, where every object names an AcronisAccount or a Secret of its own.')
        : failWhole(read.problem);
  }
}

export interface ProxyUse {
  readonly host: string;
  /** Host and port, and the variable that names it; absent where none is set. */
  readonly proxy?: { readonly name: string; readonly variable: string };
  /** NO_PROXY names the host, or it is http: the proxy is not asked. */
  readonly direct: boolean;
}

export function judgeProxy({ host, proxy, direct }: ProxyUse): Judged {
  if (proxy === undefined) return pass(`${host} is reached without a proxy: HTTPS_PROXY is not set.`);
  if (direct) return pass(`${host} is reached without a proxy: NO_PROXY excepts it from ${proxy.variable}.`);
  return pass(`${host} is reached through the proxy ${proxy.name}, as ${proxy.variable} says.`);
}

/** @param root the API client's own tenant. */
export function judgeReach(root: CallEnd<string>): Judged {
  if (root.kind === 'notMade') return notChecked(root.why, 'Correct that first.');
  if (root.kind === 'served') return pass(`Acronis accepts this API client, of the tenant ${root.value}.`);
  // Its own record is not what the operator needs; that the API said so shows that it responds.
  if (root.cause === 'forbidden' || root.cause === 'notFound')
    return warn(root.message, 'Create the API client as an administrator of the tenant whose customers it serves.');
  return failWhole(root.message);
}

export function judgeReading(feed: CallEnd<unknown>): Judged {
  switch (feed.kind) {
    case 'notMade':
      return notChecked(feed.why, 'Correct that first.');
    case 'served':
      return pass('It may list the users of its tenant and below, and read what changed.');
    case 'failed':
      return feed.cause === 'forbidden'
        ? fail(
            feed.message,
            'Create an API client as an administrator of the partner tenant: one of a customer sees that customer alone.',
          )
        : failWhole(feed.message);
  }
}

export interface WriteEvidence {
  /** The roles that the token carries; empty where it shows none. Undefined: there is no token. */
  readonly roles: readonly string[] | undefined;
  /** Objects whose users were assigned with this API client. */
  readonly assigned: number;
  /** Objects that say AccessDenied. */
  readonly denied: number;
}

/** Roles that may look and not touch (vendor's OpenAPI: readonly_admin, protection_ro_admin; tenant_viewer in tokens). */
const readOnly = /(^|_)(readonly|ro|viewer)(_|$)/;
const administers = /(^|_)(admin|admins|administrator)$/;

export function judgeWriting({ roles, assigned, denied }: WriteEvidence): Judged {
  if (roles === undefined) return notChecked('there is no token to judge by.', 'Correct what keeps it from one.');
  if (denied > 0)
    return fail(
      `${denied} objects say AccessDenied: Acronis refused their users to this API client.`,
      'Create the API client as an administrator of a tenant above these users, and put it into the same place.',
    );
  if (assigned > 0) return pass(`It has changed users before: ${assigned} objects say so.`);
  const may = roles.filter((role) => administers.test(role) && !readOnly.test(role));
  if (may.length > 0) return pass(`Its token carries the role ${may.join(', ')}, which may change users.`);
  if (roles.length > 0)
    return fail(
      `Its token carries ${roles.join(', ')} alone, which may not change users.`,
      'Create the API client as an administrator who may: its rights are those of its maker.',
    );
  return warn(
    'Its token does not say what it may change, and nothing has been changed with it yet.',
    'Apply one object and look at its Ready condition: AccessDenied would say that it may not.',
  );
}

/** Our clock against that of Acronis, in milliseconds: positive where Acronis is ahead. */
export interface Skew {
  readonly aheadMs: number;
  /** How long the response took: the difference cannot be known better. */
  readonly tookMs: number;
}

/** Clocks that NTP keeps differ by less; whole seconds count as such. */
const wellMs = 5_000;
/** Beyond this the change feed does without the server's time (see acronis/change-feed.ts), and certificates and tokens look expired early. */
const wrongMs = 30_000;

export function judgeClock(skew: Skew | undefined): Judged {
  if (skew === undefined) return notChecked('Acronis did not say its time.', 'See whether this machine follows NTP.');
  const differenceMs = Math.max(0, Math.abs(skew.aheadMs) - skew.tookMs - 1_000);
  const seconds = Math.round(Math.abs(skew.aheadMs) / 1_000);
  const says = `This machine's clock is ${seconds} s ${skew.aheadMs > 0 ? 'behind' : 'ahead of'} that of Acronis.`;
  const remedy = 'Have the node follow NTP.';
  if (differenceMs <= wellMs) return pass('The clocks of this machine and of Acronis agree.');
  return differenceMs <= wrongMs ? warn(says, remedy) : fail(says, remedy);
}

export interface Budget {
  readonly perHour: RequestsPerHour;
  readonly objects: number;
  /** Requests per second that this API client may send; 0 = no limit. */
  readonly rate: number;
}

/** What routine reads may take of a rate: the rest is for people's changes. */
const routineShare = 0.5;

export function judgeBudget(budget: Budget | undefined): Judged {
  if (budget === undefined)
    return notChecked('how many objects there are is not known.', 'Correct the line of the API server first.');
  const { perHour, objects, rate } = budget;
  const total = Math.ceil(perHour.feed + perHour.resync + perHour.brands);
  const says = `${grouped(total)} requests an hour keep ${grouped(objects)} objects true while nothing changes`;
  if (rate === 0) return pass(`${says}; no rate is set that could be too low.`);
  const share = total / (rate * 3_600);
  const used = `${Math.ceil(share * 100)} % of the ${rate} a second that are allowed`;
  if (share <= routineShare) return pass(`${says}: ${used}.`);
  const remedy =
    'Raise --acronis-rate (ratePerSecond of the AcronisAccount), or lengthen --drift-interval and --resync-interval.';
  return share <= 1 ? warn(`${says}: ${used}.`, remedy) : fail(`${says}: ${used}.`, remedy);
}

const grouped = (count: number): string => count.toLocaleString('en');
