/**
 * The last step: a response goes out over the connection, whole, or as a fault wants it (cut, left hanging, garbled, huge). Returns
 * the status that went out; 0 where none did.
 */
import type { ServerResponse } from 'node:http';
import { type ApiResponse, envelope, flat, htmlPage } from '../calls/responses.ts';
import type { Fault } from '../faults.ts';
import { type Encoding, encode, PLAIN } from './encode.ts';
import { retryAfter } from './rate-limit.ts';

const JSON_TYPE = 'application/json';

export function send(res: ServerResponse, response: ApiResponse, encoding: Encoding = PLAIN): number {
  const text = response.text ?? JSON.stringify(response.body);
  const headers: Record<string, string | number> = { ...response.headers };
  if (response.status === 204) {
    res.writeHead(204, headers);
    res.end();
    return 204;
  }
  const { bytes, declared } = encode(text, encoding);
  headers['content-type'] = response.type ?? JSON_TYPE;
  headers['content-length'] = Buffer.byteLength(bytes);
  if (declared !== undefined) headers['content-encoding'] = declared;
  res.writeHead(response.status, headers);
  res.end(bytes);
  return response.status;
}

/** The response of a `status` fault. */
export function faultResponse(fault: Extract<Fault, { kind: 'status' }>, nowMs: number): ApiResponse {
  const { status } = fault;
  const message = fault.message ?? (status >= 500 ? 'Service is unavailable.' : 'The request was refused.');
  const code = fault.code ?? status;
  const headers =
    fault.retryAfter === undefined ? {} : { 'retry-after': retryAfter(fault.retryAfter, fault.retryAfterForm, nowMs) };
  switch (fault.body) {
    case 'envelope':
      return { ...envelope(status, code, message), headers };
    case 'bare':
      return { status, body: { error: { code, message } }, headers };
    case 'flat':
      return { ...flat(status, String(fault.code ?? 'invalid_request'), message), headers };
    case 'html':
      return { status, text: htmlPage(`${status} ${message}`), type: 'text/html', headers };
    case 'text':
      return { status, text: message, type: 'text/plain; charset=utf-8', headers };
    case 'empty':
      return { status, text: '', headers };
  }
}

/** Sends the response the way the fault wants it. */
export function deliver(res: ServerResponse, response: ApiResponse, fault: Fault, nowMs: number): number {
  const text = response.text ?? JSON.stringify(response.body);
  switch (fault.kind) {
    case 'status':
      return send(res, faultResponse(fault, nowMs));
    case 'cut':
      if (fault.moment === 'midBody') half(res, response, text, () => res.destroy());
      else res.destroy();
      return 0;
    case 'hang':
      if (fault.moment === 'midBody') half(res, response, text, () => {});
      return 0;
    case 'garbage':
      return garble(res, text, fault.form);
    case 'contentType':
      return send(res, { ...response, type: fault.value });
    case 'huge':
      void pad(res, response, text, fault.bytes);
      return response.status;
    case 'redirect':
      return send(res, { status: fault.status, text: '', headers: { location: fault.location } });
    case 'latency':
    case 'otherWriter':
    case 'revokeTokens':
    case 'wrongSecret':
      return send(res, response);
  }
}

/** Half of the body, under the length of the whole; then what comes then. */
function half(res: ServerResponse, response: ApiResponse, text: string, then: () => void): void {
  const bytes = Buffer.from(text);
  res.writeHead(response.status, { 'content-type': JSON_TYPE, 'content-length': bytes.length });
  res.write(bytes.subarray(0, Math.floor(bytes.length / 2)), then);
}

function garble(res: ServerResponse, text: string, form: Extract<Fault, { kind: 'garbage' }>['form']): number {
  switch (form) {
    case 'html':
      return send(res, { status: 200, text: htmlPage('Welcome'), type: 'text/html' });
    case 'truncated':
      return send(res, { status: 200, text: text.slice(0, Math.floor(text.length / 2)) });
    case 'text':
      return send(res, { status: 200, text: 'OK', type: 'text/plain' });
    case 'empty':
      return send(res, { status: 200, text: '' });
    case 'null':
      return send(res, { status: 200, text: 'null' });
    case 'otherJson':
      return send(res, { status: 200, body: { items: 'none', version: '1', error: 17 } });
  }
}

/** The right response, made long by a field in front, sent without its length and no faster than it is read. */
async function pad(res: ServerResponse, response: ApiResponse, text: string, bytes: number): Promise<void> {
  res.writeHead(response.status, { 'content-type': JSON_TYPE });
  res.write('{"padding":"');
  const chunk = 'x'.repeat(64 * 1024);
  for (let sent = 0; sent < bytes && !res.destroyed; sent += chunk.length) {
    const room = res.write(chunk.slice(0, Math.min(chunk.length, bytes - sent)));
    if (!room) {
      await new Promise<void>((resolve) => {
        const go = () => {
          res.off('drain', go).off('close', go);
          resolve();
        };
        res.on('drain', go).on('close', go);
      });
    }
  }
  res.end(`",${text.slice(1)}`);
}
