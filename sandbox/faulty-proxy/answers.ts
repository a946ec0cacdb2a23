/** Answers that the API server did not give: its own Status objects, and what gateways say. */
import type { MadeResponse } from '../relay/message.ts';
import type { RequestFault } from './faults.ts';

const html = '<!DOCTYPE html><html><body><h1>Bad gateway</h1><p>Please try again later.</p></body></html>';

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export const statusObject = (code: number, reason = reasons[code] ?? 'Unknown'): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `made by the faulty proxy (${code})`,
  reason,
  code,
});

export function statusAnswer(fault: Extract<RequestFault, { kind: 'status' }>, nowMs: number): MadeResponse {
  const { status, reason, retryAfter, retryAfterForm = 'seconds', body = 'status' } = fault;
  const wait: Record<string, string> =
    retryAfter === undefined
      ? {}
      : {
          'retry-after':
            retryAfterForm === 'seconds' ? String(retryAfter) : new Date(nowMs + retryAfter * 1_000).toUTCString(),
        };
  switch (body) {
    case 'status':
      return answer(status, 'application/json', JSON.stringify(statusObject(status, reason)), wait);
    case 'html':
      return answer(status, 'text/html', html, wait);
    case 'text':
      return answer(status, 'text/plain', 'something went wrong', wait);
    case 'empty':
      return answer(status, 'text/plain', '', wait);
  }
}

export function garbageAnswer(form: Extract<RequestFault, { kind: 'garbage' }>['form']): MadeResponse {
  switch (form) {
    case 'html':
      return answer(200, 'text/html', html);
    case 'truncated':
      return answer(200, 'application/json', '{"kind":"TenantUserUpsellList","apiVersion":"upsell.acronis.com/v1alp');
    case 'otherJson':
      return answer(200, 'application/json', '{"items":"none","metadata":17}');
  }
}

const answer = (status: number, type: string, text: string, more: Record<string, string> = {}): MadeResponse => ({
  status,
  headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(text)), ...more },
  text,
});
