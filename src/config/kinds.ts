/** The kinds of values that settings have, each with its form and range. */
import { durationPattern, parseDuration } from '../base/duration.ts';
import { parseBindAddress } from '../observability/server/bind-address.ts';
import { choice, type Kind, many, one } from './form.ts';

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const inAnyCase = (pattern: string): string => pattern.replaceAll('a-z', 'a-zA-Z');
/** The last part of a host's name begins with a letter: what ends in digits is an address. */
const top = inAnyCase('[a-z]([-a-z0-9]{0,61}[a-z0-9])?');
const part = inAnyCase(label);

export const text: Kind = one(
  { pattern: '[^ \\t\\r\\n]', advice: 'It is blank: write a value, or leave it out.' },
  (value) => value.trim(),
);

const hostForm = {
  pattern: `^((${part}\\.)*|\\*\\.(${part}\\.)+)${top}$`,
  maxLength: 255,
  advice:
    'Write host names, separated by commas, such as *.acronis.com,cloud.example.com: without scheme, port and path, no addresses, and a * only in front of a whole domain.',
};
export const hosts: Kind = many(hostForm, true);
export const optionalHosts: Kind = many(hostForm, false);

export const namespaces: Kind = many(
  { pattern: `^${label}$`, advice: 'Write names of namespaces, separated by commas, such as customers,partners.' },
  false,
);

export const namespace: Kind = one(
  { pattern: `^${label}$`, advice: 'Write the name of a namespace, such as acronis-system.' },
  (value) => value,
);

export const objectName: Kind = one(
  {
    pattern: `^${label}(\\.${label})*$`,
    maxLength: 253,
    advice: 'Write a name of lower-case letters, digits, - and ., such as acronis-upsell-operator.',
  },
  (value) => value,
);

const name = '[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,61}[a-zA-Z0-9])?';
const key = `(${label}(\\.${label})*/)?${name}`;
const value = `(${name})?`;
const requirement = [
  `! *${key}`,
  `${key}( *(=|==|!=) *${value}| *[<>] *[0-9]{1,18}| +(in|notin) *\\( *${value}( *, *${value})* *\\))?`,
].join('|');

export const selector: Kind = one(
  {
    pattern: `^ *(${requirement}) *(, *(${requirement}) *)*$`,
    advice: 'Write a label selector, such as shard=1 or tier in (gold,silver),!draining.',
  },
  (given) => given.trim(),
);

export const boolean: Kind = one(
  { pattern: '^(true|false)$', advice: 'Write true or false.' },
  (given) => given === 'true',
  'boolean',
);

/** A number of concurrent things. */
export const count = (max: number): Kind =>
  one(
    {
      pattern: '^[0-9]{1,6}$',
      measure: 'number',
      min: 1,
      max,
      advice: `Write a whole number from 1 to ${max}, such as 8.`,
    },
    Number,
    'integer',
  );

export const rate: Kind = one(
  {
    pattern: '^[0-9]{1,9}(\\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?$',
    measure: 'number',
    min: 0.1,
    max: 1_000,
    orZero: true,
    advice: 'Write a number from 0.1 to 1000, such as 10, or 0 for no limit.',
  },
  Number,
  'number',
);

const durations = { pattern: durationPattern, maxLength: 64, measure: 'duration' } as const;
/** The timers of Node end at 24 days, and one that is set for longer fires immediately. */
const week = 168 * 3_600_000;

/** Of a round that comes again and again. */
export const interval: Kind = one(
  { ...durations, min: 1_000, max: week, advice: 'Write a duration from 1s to 168h, such as 30s, 10m or 1h.' },
  parseDuration,
);

export const giveUp: Kind = one(
  {
    ...durations,
    min: 1_000,
    max: 8_760 * 3_600_000,
    orZero: true,
    advice: 'Write a duration from 1s to 8760h, such as 30s, 10m or 1h, or 0 for never.',
  },
  parseDuration,
);

export const grace: Kind = one(
  { ...durations, min: 0, max: 3_600_000, advice: 'Write a duration of up to 1h, such as 20s.' },
  parseDuration,
);

const port = '([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
export const bindAddress: Kind = one(
  {
    pattern: `^(0|(\\[[0-9A-Fa-f:.]+\\]|[-a-zA-Z0-9.]*):${port})$`,
    advice: 'Write an address such as :8080 or 127.0.0.1:8080, or 0 for none.',
  },
  parseBindAddress,
);

export const oneOf = (choices: readonly string[]): Kind => choice(choices);
