/** What the tests of the Acronis side share: users as the API sends them, a network whose responses a test gives. */
import { AcronisError, type AcronisErrorDetails, type AcronisErrorKind } from '../../../src/acronis/errors.ts';
import type { ApiRequest, Send } from '../../../src/acronis/http/http.ts';
import { failure } from '../../support/failure.ts';

export const tenant = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
export const url = 'https://eu2-cloud.acronis.com/api/2';

/** The id of the n-th user. */
export const id = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** The n-th user as the API sends one. */
export const wireUser = (n: number, fields: Readonly<Record<string, unknown>> = {}) => ({
  id: id(n),
  tenant_id: tenant,
  version: 1,
  login: `user${n}`,
  contact: { email: `user${n}@example.com`, firstname: 'John', lastname: 'Doe' },
  business_types: [],
  ...fields,
});

/** How the last page of a list may say that it is: the fields of its paging, by what is special about them. */
export const lastPages: readonly (readonly [what: string, fields: object])[] = [
  ['no paging', {}],
  ['paging null', { paging: null }],
  ['no cursors', { paging: {} }],
  ['cursors null', { paging: { cursors: null } }],
  ['no after', { paging: { cursors: {} } }],
  ['after null', { paging: { cursors: { after: null } } }],
  ['after empty', { paging: { cursors: { after: '' } } }],
];

export const refused = (kind: AcronisErrorKind, details: AcronisErrorDetails = {}) =>
  new AcronisError(kind, `refused: ${kind}`, details);

export interface RecordedSend {
  readonly send: Send;
  readonly sent: ApiRequest[];
}

/** A network that responds as the test says: with what `response` returns or throws. */
export function network(response: (request: ApiRequest, count: number) => unknown): RecordedSend {
  const sent: ApiRequest[] = [];
  const send: Send = async (request, signal) => {
    signal.throwIfAborted();
    sent.push(request);
    request.onSent?.();
    return await response(request, sent.length);
  };
  return { send, sent };
}

/** The AcronisError that `promise` was rejected with. */
export async function acronisFailure(promise: Promise<unknown>): Promise<AcronisError> {
  const error = await failure(promise);
  if (error instanceof AcronisError) return error;
  throw new Error('it failed with something that is not an AcronisError', { cause: error });
}
