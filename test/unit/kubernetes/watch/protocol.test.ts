import { describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../../src/kubernetes/calls/errors.ts';
import { parseWatchEvent } from '../../../../src/kubernetes/watch/protocol.ts';

const parse = (type: string, object: unknown) => parseWatchEvent(JSON.stringify({ type, object }), 'WATCH /things');
const ends = { 'k8s.io/initial-events-end': 'true' };

describe('a line of a watch', () => {
  it.each(['ADDED', 'MODIFIED', 'DELETED'])('%s is that object, whatever its annotations say', (type) => {
    const object = { metadata: { name: 'mine', resourceVersion: '5', annotations: ends } };
    expect(parse(type, object)).toEqual({ kind: type.toLowerCase(), object });
  });

  it('has integers up to int64 exactly', () => {
    const line = '{"type":"MODIFIED","object":{"status":{"observedVersion":9223372036854775807}}}';
    expect(parseWatchEvent(line, 'WATCH /things')).toEqual({
      kind: 'modified',
      object: { status: { observedVersion: 9_223_372_036_854_775_807n } },
    });
  });

  it.each<[unknown, boolean]>([
    [ends, true],
    [{ 'k8s.io/initial-events-end': 'false' }, false],
    [{}, false],
    [['k8s.io/initial-events-end'], false],
    [undefined, false],
    [null, false],
  ])('a bookmark with annotations %j ends the initial events: %s', (annotations, endsInitial) => {
    expect(parse('BOOKMARK', { metadata: { resourceVersion: '7', annotations } })).toEqual({
      kind: 'bookmark',
      resourceVersion: '7',
      endsInitial,
    });
  });

  it.each([{}, { metadata: {} }, { metadata: { resourceVersion: 7 } }, { metadata: { resourceVersion: '' } }])(
    'a bookmark that is %j is no bookmark',
    (object) => expect(() => parse('BOOKMARK', object)).toThrow('no resource version'),
  );

  it.each<[unknown, Partial<KubernetesError>]>([
    [
      { code: 410, reason: 'Expired', message: 'too old' },
      { status: 410, reason: 'Expired', message: 'WATCH /things: too old' },
    ],
    [{ reason: 'Gone' }, { status: 500, reason: 'Gone' }],
    [
      { code: 429, details: { retryAfterSeconds: 3 } },
      { status: 429, retryAfterMs: 3_000 },
    ],
    [
      { code: '410', reason: 7, message: null, details: 'x' },
      { status: 500, reason: '', retryAfterMs: undefined },
    ],
  ])('an ERROR with %j becomes the error it stands for', (object, expected) => {
    const event = parse('ERROR', object);
    expect(event).toMatchObject({ kind: 'error', error: expect.any(KubernetesError) });
    expect(event.kind === 'error' && event.error).toMatchObject(expected);
  });
});
