/** Ids and secrets out of given randomness: the same seed gives the same ones. Not for real secrets. */
import type { Random } from '../../src/base/clock.ts';

const hex = (random: Random, digits: number): string =>
  Math.floor(random() * 16 ** digits)
    .toString(16)
    .padStart(digits, '0');

/** A version 4 UUID in lower case, as the cloud writes its ids. */
export function randomUuid(random: Random): string {
  const variant = (8 + Math.floor(random() * 4)).toString(16);
  const text = `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-${variant}${hex(random, 3)}-${hex(random, 6)}${hex(random, 6)}`;
  // A copy in one piece: V8 would keep the glued text as a tree of its parts, ten times the size, for every user.
  return Buffer.from(text).toString('latin1');
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export function randomLetters(random: Random, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += LETTERS.charAt(Math.floor(random() * LETTERS.length));
  return text;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);
