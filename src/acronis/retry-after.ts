/** The header Retry-After (RFC 9110), as a server or a gateway may write it. */

const seconds = /^\d+(\.\d+)?$/;
/** The three forms of an HTTP date. `Date.parse` alone takes almost any text with a number in it for a date. */
const httpDate = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d:\d\d:\d\d/i;
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:/;
const zone = /(?:GMT|UTC|Z|[+-]\d\d:?\d\d)$/i;

/** In milliseconds from `nowMs`, not capped; undefined where it says neither seconds nor a date. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (seconds.test(text)) return Number(text) * 1000;
  const iso = isoDate.test(text);
  if (!iso && !httpDate.test(text)) return undefined;
  // One form names no zone, and HTTP knows only one.
  const at = Date.parse(zone.test(text) ? text : `${text}${iso ? 'Z' : ' GMT'}`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
