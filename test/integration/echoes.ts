/**
 * Answers that say back what they were asked with: credentials, and the person it was about. Nothing of it may come out of the operator. Each is of a
 * form that something in front of Acronis, or Acronis itself, is known to have: JSON of several kinds, pages, redirects, the wrong type, half of it.
 */
import type { MadeResponse } from '../../sandbox/relay/message.ts';
import type { SeenRequest } from '../support/observing-relay.ts';

export interface Echo {
  readonly name: string;
  readonly on: 'token' | 'read' | 'search' | 'put' | 'feed';
  readonly response: (said: string) => MadeResponse;
}

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): MadeResponse => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  text: JSON.stringify(body),
});
const text = (status: number, type: string, said: string): MadeResponse => ({
  status,
  headers: { 'content-type': type },
  text: said,
});
const page = (status: number, said: string): MadeResponse =>
  text(status, 'text/html', `<html><title>${said}</title><pre>${said}</pre></html>`);
const elsewhere = (said: string): MadeResponse => ({
  status: 307,
  headers: { location: `https://elsewhere.example.com/?said=${encodeURIComponent(said)}`, 'x-said': said },
  text: said,
});
const envelope = (status: number, code: unknown, said: string): MadeResponse =>
  json(
    status,
    { error: { code, domain: said, message: said, details: { info: said, addition: said } } },
    { 'x-said': said },
  );
/** A parser's error quotes it. */
const broken = (said: string): MadeResponse => text(200, 'application/json', said);
/** Right in form, and wrong wherever it can be. */
const strange = (said: string): MadeResponse =>
  json(200, {
    id: said,
    login: said,
    tenant_id: said,
    version: said,
    enabled: said,
    access_token: said,
    items: [said],
  });

const forms: Readonly<Record<string, (said: string) => MadeResponse>> = {
  'a page with 500': (said) => page(500, said),
  'text as 200': (said) => text(200, 'text/plain', said),
  'no JSON under its type': broken,
  'strange JSON': strange,
  'a redirect': elsewhere,
  'an error with its words as code': (said) => envelope(400, said, said),
  '429 with its words as Retry-After': (said) => json(429, { error: said }, { 'retry-after': said }),
};

const of = (on: Echo['on'], more: Echo['response'][] = []): readonly Echo[] => [
  ...Object.entries(forms).map(([name, response]) => ({ name: `${on}: ${name}`, on, response })),
  ...more.map((response, at) => ({ name: `${on}: ${at + 1}`, on, response })),
];

export const echoes: readonly Echo[] = [
  ...of('token', [
    (said) => json(401, { error: said, error_description: said }),
    (said) => json(400, { error: 'invalid_client', error_description: said }),
  ]),
  ...of('read', [
    (said) => json(401, { error: { code: 401, message: said } }, { 'www-authenticate': `Bearer error="${said}"` }),
    (said) => envelope(403, 1002, said),
    (said) => envelope(404, 404, said),
  ]),
  ...of('search'),
  ...of('put', [(said) => envelope(409, 409, said), (said) => envelope(422, 1027, said)]),
  ...of('feed'),
];

/** What an Acronis request is for. */
export function purposeOf({ method, url }: SeenRequest): Echo['on'] | 'other' {
  const { pathname, searchParams } = new URL(url, 'http://acronis');
  if (pathname.endsWith('/idp/token')) return 'token';
  if (pathname.endsWith('/search')) return 'search';
  if (method === 'PUT') return 'put';
  if (searchParams.has('subtree_root_tenant_id')) return 'feed';
  return pathname.includes('/users') ? 'read' : 'other';
}
