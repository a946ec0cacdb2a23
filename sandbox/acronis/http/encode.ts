/** The bytes of a response's body: as they are, or as a gateway on the way makes them (compressed unasked, led by a byte order mark). */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

export const ENCODINGS = ['identity', 'gzip', 'br', 'deflate', 'rawDeflate', 'undeclaredGzip'] as const;

export interface Encoding {
  readonly encoding: (typeof ENCODINGS)[number];
  readonly byteOrderMark: boolean;
}

export const PLAIN: Encoding = { encoding: 'identity', byteOrderMark: false };

export interface Encoded {
  readonly bytes: string | Buffer;
  /** The `Content-Encoding`; `undefined` where none is declared. */
  readonly declared: string | undefined;
}

export function encode(text: string, { encoding, byteOrderMark }: Encoding): Encoded {
  const marked = byteOrderMark ? `\u{feff}${text}` : text;
  switch (encoding) {
    case 'identity':
      return { bytes: marked, declared: undefined };
    case 'gzip':
      return { bytes: gzipSync(marked), declared: 'gzip' };
    case 'undeclaredGzip':
      return { bytes: gzipSync(marked), declared: undefined };
    case 'br':
      return { bytes: brotliCompressSync(marked), declared: 'br' };
    case 'deflate':
      return { bytes: deflateSync(marked), declared: 'deflate' };
    case 'rawDeflate':
      return { bytes: deflateRawSync(marked), declared: 'deflate' };
  }
}
