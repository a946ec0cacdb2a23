/** The body of a response as JSON, or what it is instead: gateways compress unasked, some without declaring it, and some put a byte order mark in front. */
import { promisify } from 'node:util';
import { parseExactJson } from '../../base/exact-json.ts';
import { type HttpResponse, headerOf } from '../../base/http/http.ts';

/** What a body is, as far as a person who looks for the cause needs to know. */
export type BodyForm = 'json' | 'empty' | 'page' | 'broken' | 'other';

export interface ParsedBody {
  readonly form: BodyForm;
  /** Undefined where it is no JSON. */
  readonly json: unknown;
}

/** The body as JSON with its integers exact, or what it is instead. */
export async function parsedBody(response: HttpResponse, maxBytes: number): Promise<ParsedBody> {
  if (response.body.length === 0) return { form: 'empty', json: undefined };
  const type = headerOf(response, 'content-type') ?? '';
  const isJson = /\bjson\b/i.test(type);
  let text: string;
  try {
    text = await textOf(response, maxBytes);
  } catch {
    return { form: isJson ? 'broken' : 'other', json: undefined };
  }
  try {
    if (isJson) return { form: 'json', json: parseExactJson(text) };
  } catch {
    return { form: isPage(text) ? 'page' : 'broken', json: undefined };
  }
  return { form: /html\b/i.test(type) || isPage(text) ? 'page' : 'other', json: undefined };
}

const isPage = (text: string): boolean => /^\s*<(?:!doctype|html|head|body)\b/i.test(text.slice(0, 1_000));

/** No honest response has more codings than these on top of each other. */
const maxCodings = 3;

/** @throws Error of zlib where the body is not what its coding says, or larger than `maxBytes`. */
async function textOf(response: HttpResponse, maxBytes: number): Promise<string> {
  let body = response.body;
  for (const coding of codingsOf(response)) body = await decode(body, coding, maxBytes);
  if (isGzip(body)) body = await decode(body, 'gzip', maxBytes);
  return utf8.decode(body);
}

/** Drops a byte order mark. */
const utf8 = new TextDecoder();

/** The codings, the last one applied first. */
const codingsOf = (response: HttpResponse): readonly string[] =>
  headerOf(response, 'content-encoding')
    ?.toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .slice(0, maxCodings)
    .reverse() ?? [];

const isGzip = (body: Buffer): boolean => body[0] === 0x1f && body[1] === 0x8b;
/** The first bytes of zlib's own format; some servers send the bare stream. */
const isZlib = (body: Buffer): boolean =>
  body.length > 1 && (body[0] ?? 0) % 16 === 8 && body.readUInt16BE(0) % 31 === 0;

async function decode(body: Buffer, coding: string, maxOutputLength: number): Promise<Buffer> {
  // Loaded where something is compressed, which nothing asks Acronis for.
  const { brotliDecompress, gunzip, inflate, inflateRaw } = await import('node:zlib');
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      // Said, but done by a proxy on the way already.
      return isGzip(body) ? await promisify(gunzip)(body, { maxOutputLength }) : body;
    case 'deflate':
      return await promisify(isZlib(body) ? inflate : inflateRaw)(body, { maxOutputLength });
    case 'br':
      return await promisify(brotliDecompress)(body, { maxOutputLength });
    default:
      throw new Error('an unknown content coding');
  }
}
