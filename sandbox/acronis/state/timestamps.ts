/**
 * Points in time as the cloud writes them. Kept as whole microseconds since 1970, because the documents show six digits
 * after the point (`2019-07-25T07:11:02.807354+00:00`) and a number is cheaper to keep than a text.
 */
export type Micros = number;

export const microsOf = (milliseconds: number): Micros => Math.round(milliseconds * 1000);

export function formatMicros(at: Micros): string {
  const seconds = Math.floor(at / 1_000_000);
  const fraction = String(at - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}+00:00`;
}

/** `2024-01-01T00:00:00`, without a zone: how lists state when they were made. */
export const formatSeconds = (at: Micros): string => new Date(Math.floor(at / 1000)).toISOString().slice(0, 19);

const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?$/;

/** `undefined` where the text is not a date. A missing zone means UTC. */
export function parseMicros(text: string): Micros | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, day = '', time = '', fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return milliseconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
