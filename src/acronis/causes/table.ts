/**
 * The one table of causes: for everything that keeps a call to Acronis from being made or served, the sentence that says it, in conditions, in the log and in
 * docs/reference/messages.md, which is generated from it. What is thrown or responded is mapped to an id beside the entries, and in http/.
 */
import { apiCodes } from './api-codes.ts';
import { body } from './body.ts';
import { type Cause, type FactNames, filled } from './cause.ts';
import { credentials } from './credentials.ts';
import { http } from './http.ts';
import { network } from './network.ts';
import { proxy } from './proxy.ts';
import { tls } from './tls.ts';
import { url } from './url.ts';

/** By what a person would check. */
export const groups = { network, tls, proxy, http, apiCodes, body, url, credentials } as const;

export const causes = {
  ...network,
  ...tls,
  ...proxy,
  ...http,
  ...apiCodes,
  ...body,
  ...url,
  ...credentials,
} as const;

export type CauseId = keyof typeof causes;
/** What the sentence and the remedy of a cause have places for. Of several causes: what any of them has. */
export type FactsOf<Id extends CauseId> = Readonly<
  Record<FactNames<(typeof causes)[Id]['sentence'] | (typeof causes)[Id]['remedy']>, string>
>;

export const causeOf = (id: CauseId): Cause => causes[id];

/** Sentence and remedy, filled with the facts. */
export function messageOf<Id extends CauseId>(id: Id, facts: FactsOf<Id>): string {
  const { sentence, remedy } = causeOf(id);
  return filled(`${sentence} ${remedy}`, facts);
}
