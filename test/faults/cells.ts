/**
 * The matrix: which fault strikes on which side at which moment. A cell is data; `run-cells.ts` brings it about. At Acronis these faults strike the
 * whole data center; `scoped-cells.ts` has those of one account and of one user.
 */
import type { FaultInput } from '../../sandbox/acronis/faults.ts';
import type { Route } from '../../sandbox/acronis/http/routes.ts';
import type { ProxyFault, RequestFault, StreamFault } from '../../sandbox/faulty-proxy/faults.ts';
import type { RequestKind } from '../../sandbox/faulty-proxy/request-kind.ts';

export type Cell = {
  readonly name: string;
  readonly moment: string;
  /** What has to happen so that the moment comes: nothing, a list, a new opening of the watches, or a new token. */
  readonly brings: 'nothing' | 'list' | 'watch' | 'token';
  /** About how long it takes; it is long where a time-out has to pass. */
  readonly seconds: number;
} & (
  | { readonly side: 'kubernetes'; readonly fault: ProxyFault }
  | { readonly side: 'acronis'; readonly fault: FaultInput }
);

const status = (code: number, more: Partial<Extract<RequestFault, { kind: 'status' }>> = {}) =>
  ({ kind: 'status', status: code, ...more }) as const;

export const named = {
  'connection refused': { kind: 'refuse', ms: 3_000 },
  'cut before': { kind: 'cut', moment: 'before' },
  'cut after': { kind: 'cut', moment: 'after' },
  'cut in the response': { kind: 'cut', moment: 'midBody' },
  'half-open': { kind: 'hang', moment: 'before' },
  'response swallowed': { kind: 'hang', moment: 'after' },
  'latency 2 s': { kind: 'latency', ms: 2_000 },
  '401': status(401),
  '403': status(403),
  '404': status(404),
  '409': status(409),
  '410': status(410),
  '429 in seconds': status(429, { retryAfter: 2 }),
  '429 as date': status(429, { retryAfter: 2, retryAfterForm: 'date' }),
  '429 html': status(429, { body: 'html' }),
  '500': status(500),
  '500 after': status(500, { moment: 'after' }),
  '502 html': status(502, { body: 'html' }),
  '503 with Retry-After': status(503, { retryAfter: 1 }),
  '504': status(504),
  'html 200': { kind: 'garbage', form: 'html' },
  'half a JSON': { kind: 'garbage', form: 'truncated' },
  'other JSON': { kind: 'garbage', form: 'otherJson' },
  'slow drip': { kind: 'drip', bytes: 400, everyMs: 100 },
  'ends immediately': { kind: 'endAtOnce' },
} as const satisfies Readonly<Record<string, RequestFault>>;
type Named = keyof typeof named;

const inStream = {
  'cut now': { kind: 'cutNow' },
  'cut in a line': { kind: 'cutLine' },
  'garbage line': { kind: 'garbageLine' },
  'ERROR 410 Expired': { kind: 'errorEvent', code: 410, reason: 'Expired' },
  'ERROR 410 Gone': { kind: 'errorEvent', code: 410, reason: 'Gone' },
  'ERROR 500': { kind: 'errorEvent', code: 500, reason: 'InternalError' },
  'event twice': { kind: 'duplicate' },
  'event lost, cut': { kind: 'dropThenCut' },
  'event lost, 410': { kind: 'dropThenExpire' },
  'character cut in two': { kind: 'splitCharacter' },
  'line of 1 MB': { kind: 'pad', bytes: 1_048_576 },
  'silent watch': { kind: 'silent' },
} as const satisfies Readonly<Record<string, StreamFault>>;

/** How long a fault of this kind takes at this moment where that is long. */
const slow: Readonly<Record<string, number>> = {
  'list: half-open': 70,
  'watch: half-open': 40,
  'watch: silent watch': 100,
  'status: half-open': 35,
  'status: response swallowed': 35,
  'object: half-open': 35,
  'object: response swallowed': 35,
  'secret: half-open': 35,
};

const kubernetes = (kind: RequestKind, faults: readonly Named[], times = 2): readonly Cell[] =>
  faults.map((name) => ({
    side: 'kubernetes' as const,
    name,
    moment: kind,
    brings: kind === 'list' || kind === 'watch' ? kind : ('nothing' as const),
    seconds: slow[`${kind}: ${name}`] ?? 5,
    fault: { ...named[name], on: [kind], times: named[name].kind === 'hang' ? 1 : times },
  }));

const streams = (): readonly Cell[] =>
  Object.entries(inStream).map(([name, fault]) => ({
    side: 'kubernetes' as const,
    name,
    moment: 'watch',
    brings: 'nothing' as const,
    seconds: slow[`watch: ${name}`] ?? 8,
    fault: { ...fault, on: ['watch'], times: fault.kind === 'silent' ? 1 : 2 },
  }));

export const overHttp = {
  'cut before': { kind: 'cut', moment: 'before' },
  'cut after': { kind: 'cut', moment: 'after' },
  'cut in the response': { kind: 'cut', moment: 'midBody' },
  'hang before': { kind: 'hang', moment: 'before' },
  'hang after': { kind: 'hang', moment: 'after' },
  'hang in the response': { kind: 'hang', moment: 'midBody' },
  'latency 2 s': { kind: 'latency', ms: 2_000 },
  '429 in seconds': { kind: 'status', status: 429, retryAfter: 2 },
  '429 as date': { kind: 'status', status: 429, retryAfter: 2, retryAfterForm: 'date' },
  '503 with Retry-After': { kind: 'status', status: 503, retryAfter: 1 },
  '500 html': { kind: 'status', status: 500, body: 'html' },
  '500 after': { kind: 'status', status: 500, moment: 'after' },
  '502 text': { kind: 'status', status: 502, body: 'text' },
  '504 empty': { kind: 'status', status: 504, body: 'empty' },
  'html 200': { kind: 'garbage', form: 'html' },
  'half a JSON': { kind: 'garbage', form: 'truncated' },
  'other JSON': { kind: 'garbage', form: 'otherJson' },
  null: { kind: 'garbage', form: 'null' },
  'wrong content type': { kind: 'contentType' },
  'body of 16 MB': { kind: 'huge' },
  'tokens revoked': { kind: 'revokeTokens' },
  'other writer: types': { kind: 'otherWriter', businessTypes: ['legacy', 'other'] },
  'other writer: language': { kind: 'otherWriter', language: 'fr' },
  'other writer: the same': { kind: 'otherWriter', businessTypes: ['buyer'] },
} as const satisfies Readonly<Record<string, FaultInput>>;

const acronis = (route: Route | 'read', faults: readonly (keyof typeof overHttp)[], times = 2): readonly Cell[] =>
  faults.map((name) => ({
    side: 'acronis' as const,
    name,
    moment: route,
    brings: route === 'token' ? ('token' as const) : ('nothing' as const),
    seconds: name.startsWith('hang') ? 35 : 6,
    fault: {
      ...overHttp[name],
      routes: route === 'read' ? ['getUser', 'getUsers'] : [route],
      times: overHttp[name].kind === 'hang' ? 1 : times,
    },
  }));

const answers = ['429 in seconds', '429 as date', '429 html', '500', '502 html', '503 with Retry-After'] as const;
const garbage = ['html 200', 'half a JSON', 'other JSON'] as const;
const cuts = ['cut before', 'cut after', 'cut in the response'] as const;
const httpGarbage = ['html 200', 'half a JSON', 'other JSON', 'null', 'wrong content type'] as const;
const httpAnswers = [
  '429 in seconds',
  '429 as date',
  '503 with Retry-After',
  '500 html',
  '502 text',
  '504 empty',
] as const;

export const cells: readonly Cell[] = [
  ...kubernetes('list', ['connection refused', 'cut before', 'cut in the response', 'half-open', 'slow drip']),
  ...kubernetes('list', ['401', '403', '404', '410', '504', ...answers, ...garbage, 'ends immediately']),
  ...kubernetes('watch', ['connection refused', 'cut before', 'half-open', 'latency 2 s', 'ends immediately']),
  ...kubernetes('watch', ['401', '403', '404', '410', '504', ...answers, ...garbage]),
  ...streams(),
  ...kubernetes('status', ['connection refused', ...cuts, 'half-open', 'response swallowed', 'latency 2 s']),
  ...kubernetes('status', ['401', '403', '404', '409', '500 after', ...answers, ...garbage]),
  ...kubernetes('object', [...cuts, 'half-open', 'response swallowed', '403', '409', '500 after', ...answers]),
  ...kubernetes('lease', ['connection refused', ...cuts, '401', '403', '404', '409', '500 after', ...answers]),
  ...kubernetes('lease', garbage),
  ...kubernetes('event', ['cut before', 'cut after', 'half-open', '403', '404', ...answers]),
  ...kubernetes('secret', ['cut before', 'half-open', '403', '404', ...answers, ...garbage]),
  ...acronis('token', ['cut before', 'cut in the response', 'hang before', 'latency 2 s', 'body of 16 MB']),
  ...acronis('token', [...httpAnswers, ...httpGarbage]),
  ...acronis('read', ['cut before', 'cut in the response', 'hang before', 'hang in the response', 'latency 2 s']),
  ...acronis('read', ['body of 16 MB', 'tokens revoked', ...httpAnswers, ...httpGarbage]),
  ...acronis('putUser', ['cut before', 'cut after', 'cut in the response', 'latency 2 s', 'body of 16 MB']),
  ...acronis('putUser', ['hang before', 'hang after', 'hang in the response', '500 after', 'tokens revoked']),
  ...acronis('putUser', ['other writer: types', 'other writer: language', 'other writer: the same']),
  ...acronis('putUser', [...httpAnswers, ...httpGarbage]),
  ...acronis('feed', ['cut before', 'hang before', 'body of 16 MB', '429 in seconds', '500 html', ...httpGarbage]),
];

/** How many seconds of cells share a world; a start of an operator is dear, and so is waiting for one time-out after the other. */
const groupSeconds = 40;

/** Cells of one moment that follow each other in one world. */
export function groups(chosen: readonly Cell[]): readonly (readonly Cell[])[] {
  const found: Cell[][] = [];
  for (const cell of chosen) {
    const last = found.at(-1);
    const first = last?.[0];
    const together = first?.side === cell.side && first.moment === cell.moment;
    const seconds = (last ?? []).reduce((sum, each) => sum + each.seconds, cell.seconds);
    if (last !== undefined && together && seconds <= groupSeconds) last.push(cell);
    else found.push([cell]);
  }
  return found;
}
