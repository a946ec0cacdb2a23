/**
 * The texts by which a spec names a user other than by id: its login, and the partner's own id of it. Each with its rules, for the CRD and for zod.
 * Both may say who a person is: they are compared and asked for, and never shown.
 */
import * as z from 'zod';
import { withRules } from './rules.ts';

/** The API server counts characters, zod's `max` counts UTF-16 units. */
const characters = (text: string): number => [...text].length;
const maxCharacters = 256;
const shortText = (field: string) =>
  z
    .string()
    .refine((text) => characters(text) <= maxCharacters, `${field} has at most ${maxCharacters} characters`)
    .meta({ maxLength: maxCharacters });

const isOneLine = /^[^ \t\r\n]([^\r\n]*[^ \t\r\n])?$/;
const oneLine = (field: string) => ({
  cel: "self.matches('^[^ \\\\t\\\\r\\\\n]([^\\\\r\\\\n]*[^ \\\\t\\\\r\\\\n])?$')",
  message: `${field} is one line without a space at its ends; remove them`,
  holds: (text: string) => isOneLine.test(text),
});

export const login = withRules(shortText('login'), [
  {
    cel: 'size(self) >= 3',
    message:
      'login has at least 3 characters, as the search of Acronis finds nothing shorter; name the user by userID instead',
    holds: (text) => characters(text) >= 3,
  },
  oneLine('login'),
]);

/** Acronis takes a list of them, separated by commas, and says nothing of how a comma inside one would be written. */
export const externalId = withRules(shortText('externalID'), [
  {
    cel: 'size(self) >= 1',
    message: 'externalID is not empty; write the external_id that the user has at Acronis',
    holds: (text) => text !== '',
  },
  {
    cel: "!self.contains(',')",
    message:
      'externalID has no comma, as Acronis takes a list of them separated by commas; name the user by userID instead',
    holds: (text) => !text.includes(','),
  },
  oneLine('externalID'),
]);
