import { describe, expect, test } from 'vitest';
import { parseCredentials } from '../../../src/acronis/credentials.ts';

const policy = { hosts: ['*.acronis.com'], insecure: false };
const good = { url: 'https://eu2-cloud.acronis.com', clientID: 'client', clientSecret: 'canary-secret' };

describe('credentials', () => {
  test('are found when all three are there, without the line ends that files have', () => {
    const values = {
      url: ' https://eu2-cloud.acronis.com\n',
      clientID: 'client\r\n',
      clientSecret: '\tcanary-secret\n',
    };
    expect(parseCredentials(values, 'Secret a', policy)).toEqual({
      kind: 'found',
      credentials: { url: 'https://eu2-cloud.acronis.com/api/2', clientId: 'client', clientSecret: 'canary-secret' },
    });
  });

  test('every key that is absent or empty is named, as it is called in that place', () => {
    const nameOf = (key: string) => `ACRONIS_${key.toUpperCase()}`;
    expect(parseCredentials({ url: ' \n', clientID: undefined }, 'The environment', policy, nameOf)).toEqual({
      kind: 'missing',
      problem: 'The environment lacks ACRONIS_URL, ACRONIS_CLIENTID, ACRONIS_CLIENTSECRET. Add what is missing to it.',
    });
    expect(parseCredentials({ ...good, clientSecret: '' }, 'Secret a', policy)).toEqual({
      kind: 'missing',
      problem: 'Secret a lacks clientSecret. Add what is missing to it.',
    });
  });

  test('a URL that may not be used is distinguished from missing keys, and the secret is in no sentence', () => {
    const result = parseCredentials({ ...good, url: 'https://canary-secret@evil.org' }, 'Secret a', policy);
    expect(result).toMatchObject({
      kind: 'urlNotAllowed',
      problem: expect.stringMatching(/^Secret a: The URL carries/),
    });
    expect(JSON.stringify(result)).not.toContain('canary');
  });
});
