import { expect, it } from 'vitest';
import { isWholeObject } from '../../../../src/kubernetes/calls/response.ts';

const response = (text: string, type = 'application/json') => ({
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(text),
});

it.each([
  ['an object', '{"apiVersion":"v1","kind":"Thing","metadata":{}}', true],
  ['an object with a newline', '{"kind":"Thing","apiVersion":"v1"}\n', true],
  ['half an object', '{"apiVersion":"v1","kind":"Thing","metad', false],
  ['JSON of another program', '{"items":"none","metadata":17}', false],
  ['nothing', '', false],
])('%s', (_, text, whole) => {
  expect(isWholeObject(response(text))).toBe(whole);
  expect(isWholeObject(response(text, 'text/html'))).toBe(false);
});
