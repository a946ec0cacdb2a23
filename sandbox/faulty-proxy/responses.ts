/** Responses that did not come from the API server: Status objects like its own, and what gateways send. */
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

export function statusResponse(fault: Extract<RequestFault, { kind: 'status' }>, nowMs: number): MadeResponse {
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
      return response(status, 'application/json', JSON.stringify(statusObject(status, reason)), wait);
    case 'html':
      return response(status, 'text/html', html, wait);
    case 'text':
      return response(status, 'text/plain', 'something went wrong', wait);
    case 'empty':
      return response(status, 'text/plain', '', wait);
  }
}

export function garbageResponse(form: Extract<RequestFault, { kind: 'garbage' }>['form']): MadeResponse {
  switch (form) {
    case 'html':
      return response(200, 'text/html', html);
    case 'truncated':
      return response(200, 'application/json', '{"kind":"TenantUserUpsellList","apiVersion":"upsell.acronis.com/v1alp');
    case 'otherJson':
      return response(200, 'application/json', '{"items":"none","metadata":17}');
  }
}

const response = (status: number, type: string, text: string, more: Record<string, string> = {}): MadeResponse => ({
  status,
  headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(text)), ...more },
  text,
});
