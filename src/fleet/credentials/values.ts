/**
 * What stands under a key of a Secret or in a file, as text; or what is odd about it, where it cannot be a credential. An odd value is named and never
 * repeated, and never sent: the data center would only say that it does not know the client.
 */
import { filled } from '../../acronis/causes/cause.ts';
import { oddities } from '../../acronis/causes/credentials.ts';

export type Value =
  | { readonly kind: 'text'; readonly text: string }
  /** What is wrong, as the end of a sentence that begins with the key: `holds a NUL byte`. */
  | { readonly kind: 'odd'; readonly oddity: string };

/** Longer than any URL, id or secret of an API client. */
export const maxValueBytes = 8 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const controlCharacter = /[\u0000-\u001f\u007f]/;
const printable = /^[\x20-\x7e\r\n]+$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Shorter text is base64 of something printable by chance. */
const minBase64Length = 16;

export function toValue(bytes: Uint8Array): Value {
  if (bytes.length > maxValueBytes) return odd('tooLong', { bytes: String(bytes.length) });
  const [first, second] = bytes;
  const hasNul = bytes.includes(0);
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (hasNul && isEveryOther(bytes)))
    return odd('utf16');
  if (hasNul) return odd('nul');
  let text: string;
  try {
    text = utf8.decode(bytes).trim();
  } catch {
    return odd('notUtf8');
  }
  if (controlCharacter.test(text)) return odd('controlCharacter');
  if (isBase64OfText(text)) return odd('base64Twice');
  return { kind: 'text', text };
}

/** @param facts what the words of this oddity have places for. */
export const odd = (id: keyof typeof oddities, facts: Readonly<Record<string, string>> = {}): Value => ({
  kind: 'odd',
  oddity: filled(oddities[id], facts),
});

/** As plain letters are in UTF-16: every other byte is NUL. */
const isEveryOther = (bytes: Uint8Array): boolean =>
  bytes.length % 2 === 0 && [0, 1].some((from) => bytes.every((byte, at) => (at % 2 === from) === (byte === 0)));

function isBase64OfText(text: string): boolean {
  if (text.length < minBase64Length || text.length % 4 !== 0 || !base64.test(text)) return false;
  const decoded = Buffer.from(text, 'base64');
  return printable.test(decoded.toString('latin1')) && decoded.toString('base64') === text;
}
