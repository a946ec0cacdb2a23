import { expect, test } from 'vitest';
import { refusePublicSuffixes } from '../../../src/config/public-suffix.ts';

test.each([
  '*.com',
  '*.co.uk',
  '*.CO.UK',
  '*.com.au',
  '*.github.io',
  '*.s3.amazonaws.com',
  '*.kawasaki.jp',
  '*.foo.ck',
  '*.internal',
])('a public suffix is no allow list, and the message names %s', async (host) => {
  await expect(refusePublicSuffixes(['*.acronis.com', host])).rejects.toThrow(
    `--acronis-hosts names ${host}, a public suffix: anyone can have a host below it. Name the domain`,
  );
});

test.each([
  '*.acronis.com',
  '*.acronis.cloud',
  '*.example.co.uk',
  '*.sap.de',
  '*.backup.example.com',
  '*.corp.internal',
  'github.io',
  'cloud.example.com',
])('%s is an allow list', async (host) => {
  await refusePublicSuffixes([host]);
});
