/**
 * The last step: an answer goes out over the connection, whole, or as a fault wants it (cut, left hanging, garbled, huge). Answers
 * the status that went out; 0 where none did.
 */
import type { ServerResponse } from 'node:http';
import { type Answer, envelope, flat, htmlPage } from './answers.ts';
import type { Fault } from './faults.ts';
import { retryAfter } from './rate-limit.ts';

const JSON_TYPE = 'application/json';

export function send(res: ServerResponse, answer: Answer): number {
  const text = answer.text ?? JSON.stringify(answer.body);
  const headers: Record<string, string | number> = { ...answer.headers };
  if (answer.status !== 204) {
    headers['content-type'] = answer.type ?? JSON_TYPE;
    headers['content-length'] = Buffer.byteLength(text);
  }
  res.writeHead(answer.status, headers);
  res.end(text);
  return answer.status;
}

/** What a `status` fault answers. */
export function faultAnswer(fault: Extract<Fault, { kind: 'status' }>, nowMs: number): Answer {
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

/** Sends the answer the way the fault wants it. */
export function deliver(res: ServerResponse, answer: Answer, fault: Fault, nowMs: number): number {
  const text = answer.text ?? JSON.stringify(answer.body);
  switch (fault.kind) {
    case 'status':
      return send(res, faultAnswer(fault, nowMs));
    case 'cut':
      if (fault.moment === 'midBody') half(res, answer, text, () => res.destroy());
      else res.destroy();
      return 0;
    case 'hang':
      if (fault.moment === 'midBody') half(res, answer, text, () => {});
      return 0;
    case 'garbage':
      return garble(res, text, fault.form);
    case 'contentType':
      return send(res, { ...answer, type: fault.value });
    case 'huge':
      void pad(res, answer, text, fault.bytes);
      return answer.status;
    case 'redirect':
      return send(res, { status: fault.status, text: '', headers: { location: fault.location } });
    case 'latency':
    case 'rival':
    case 'revokeTokens':
    case 'wrongSecret':
      return send(res, answer);
  }
}

/** Half of the body, under the length of the whole; then what comes then. */
function half(res: ServerResponse, answer: Answer, text: string, then: () => void): void {
  const bytes = Buffer.from(text);
  res.writeHead(answer.status, { 'content-type': JSON_TYPE, 'content-length': bytes.length });
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

/** The right answer, made long by a field in front, sent without its length and no faster than it is read. */
async function pad(res: ServerResponse, answer: Answer, text: string, bytes: number): Promise<void> {
  res.writeHead(answer.status, { 'content-type': JSON_TYPE });
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
