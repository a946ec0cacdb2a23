/**
 * JSON whose integers stay what they are up to int64: revisions are compared and sent back, so a digit that a double loses would name another one.
 * What a double holds exactly is a number; a larger integer is a bigint; what is beyond int64, or no integer, is the number that JSON.parse makes of it.
 * So equal integers are always equal under `===`.
 */

declare global {
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
    /** A value that JSON.stringify writes as this very text. */
    rawJSON(text: string): object;
  }
}

/** Only a text with as many digits in a run can hold an integer that a double does not hold. */
const inexactDigits = 16;
const integer = /^-?\d+$/;
const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

/** @throws SyntaxError where the text is not JSON; its message quotes the text, so it must not be shown. */
export function parseExactJson(text: string): unknown {
  return hasManyDigits(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
}

/** Checks every sixteenth character: a run of as many digits cannot pass between two of them. As an expression this costs a third of what JSON.parse does. */
function hasManyDigits(text: string): boolean {
  for (let at = inexactDigits - 1; at < text.length; at += inexactDigits) {
    if (!isDigit(text, at)) continue;
    let from = at;
    let to = at + 1;
    while (isDigit(text, from - 1)) from -= 1;
    while (isDigit(text, to)) to += 1;
    if (to - from >= inexactDigits) return true;
  }
  return false;
}

/** Not so beyond the ends, where the code is NaN. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function exactInteger(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined || !integer.test(source))
    return value;
  const exact = BigInt(source);
  return exact >= minInt64 && exact <= maxInt64 ? exact : value;
}

/** As JSON.stringify; a bigint, which it refuses, is written as the integer that it is. Nearly no value holds one, and a replacer triples the cost of all. */
export function stringifyExact(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, rawInteger);
  }
}

const rawInteger = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value;
