/** There are no credentials to try with, or what stands in their place cannot be any. Nothing was sent; no value is repeated. */
import type { Causes } from './cause.ts';

export const credentials = {
  'credentials-incomplete': {
    when: 'a key that is absent or empty',
    kind: 'missing',
    passes: false,
    sentence: '{place} lacks {keys}.',
    remedy: '{advice}',
  },
  'credentials-odd': {
    when: 'a key whose value cannot be a credential',
    kind: 'missing',
    passes: false,
    sentence: '{place}: {oddities}.',
    remedy: 'Write it again as plain text.',
  },
  'secret-absent': {
    when: 'no such Secret',
    kind: 'missing',
    passes: false,
    sentence: '{where} has no Secret {name}.',
    remedy: 'Create it with the keys url, clientID and clientSecret.',
  },
  'secret-forbidden': {
    when: 'no right to read it',
    kind: 'missing',
    passes: false,
    sentence: 'The operator may not read Secret {name}.',
    remedy: 'Allow its ServiceAccount to get secrets in {where}.',
  },
} as const satisfies Causes;

/** What is odd about a value, as the end of a sentence that begins with its key. */
export const oddities = {
  tooLong: 'is {bytes} bytes long, which no URL, id or secret is',
  utf16: 'is UTF-16; save it as UTF-8',
  nul: 'holds a NUL byte',
  notUtf8: 'is no UTF-8 text',
  controlCharacter: 'holds a line break or another control character',
  base64Twice: 'is base64 once more than it should be',
  empty: 'is empty',
  directory: 'is a directory and no file',
  notAFile: 'is no plain file',
  unreadable: 'cannot be read ({code})',
} as const;
