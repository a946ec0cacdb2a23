import { describe, expect, it } from 'vitest';
import { complaints } from '../../e2e/judge-logs.ts';

const line = (level: string, msg: string, more: object = {}) => JSON.stringify({ level, msg, ...more });
const expected = [{ msg: /^it is slow/, because: 'the test makes it slow' }];

describe('a log', () => {
  it('is clean where nothing is worse than was expected', () => {
    expect(complaints([line('info', 'started'), line('warn', 'it is slow today')], expected)).toEqual([]);
  });

  it.each([
    ['a warning that was not expected', line('warn', 'it is odd')],
    ['an error, expected or not', line('error', 'it is slow')],
    ['a line that is no log line', '    at Object.run (file:///app/main.js:1:1)'],
    ['a stack trace in a field', line('info', 'started', { stack: 'at run' })],
  ])('is not clean with %s', (_, bad) => {
    expect(complaints([line('info', 'started'), bad], expected)).toEqual([bad]);
  });
});
