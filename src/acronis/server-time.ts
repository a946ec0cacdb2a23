/** Times as Acronis writes them. Invariant: what cannot be read as a time is none, and never a wrong one. */

const dateTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?/;
const zone = /(Z|[+-]\d\d:?\d\d)$/i;

/** Milliseconds since 1970 by the server's clock: RFC 3339, or the same without a zone, which is UTC (the OpenAPI's own example). */
export function serverTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !dateTime.test(value)) return undefined;
  const at = Date.parse(zone.test(value) ? value : `${value}Z`);
  return at > 0 ? at : undefined;
}
