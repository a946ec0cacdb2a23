/** Globs of logins: `*` is any text, `?` one character, everything else itself, whatever its case. Time is bounded by the product of both lengths. */

export type Glob = (text: string) => boolean;

export function globOf(pattern: string): Glob {
  const wanted = [...fold(pattern)];
  return (text) => matches(wanted, [...fold(text)]);
}

const fold = (text: string): string => text.normalize('NFC').toLowerCase();

/** Goes back to the last star and no further: an earlier one has nothing to gain from a longer text. */
function matches(wanted: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const sign = wanted[place];
    if (sign === '*') {
      star = place++;
      resumeAt = at;
    } else if (sign === '?' || (sign !== undefined && sign === text[at])) {
      place++;
      at++;
    } else if (star >= 0) {
      place = star + 1;
      at = ++resumeAt;
    } else return false;
  }
  return wanted.slice(place).every((sign) => sign === '*');
}
