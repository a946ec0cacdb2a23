/** A way to Acronis through which no write leaves: for a dry run, and for commands that only read. The POST that gets a token changes nothing. */
import { HeldBack } from '../../base/http/http.ts';
import type { Send } from './http.ts';

/** Writes are refused with HeldBack, and nothing is sent. */
export const readOnly =
  (send: Send): Send =>
  (request, signal) =>
    request.method === 'PUT'
      ? Promise.reject(new HeldBack('Nothing is written: this only reads.'))
      : send(request, signal);
