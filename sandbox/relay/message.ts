/** What a relay does with messages of HTTP: reads them whole, keeps what is not of one hop alone, makes a response of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A response that the target did not give. */
export interface MadeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Hop by hop, or set again on the next hop. */
const notPassedOn = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length']);

/** The headers that belong to the message, and not to one hop of it. */
export function passedOn(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !notPassedOn.has(name)) kept[name] = value;
  }
  return kept;
}

export async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function give(response: ServerResponse, { status, headers, text }: MadeResponse): void {
  response.writeHead(status, headers);
  response.end(text);
}
