/** What the proxy does to a watch that is open. */
import { describe, expect, test } from 'vitest';
import type { ProxyFault } from '../../sandbox/faulty-proxy/faults.ts';
import { until } from '../../sandbox/until.ts';
import {
  call,
  event,
  got,
  initialEnd,
  proxy,
  received,
  setUp,
  streamPath,
  target,
  watching,
  watchPath,
} from './proxied.ts';

setUp();

describe('an open watch', () => {
  const one = event('ADDED', 'one');
  const two = event('ADDED', 'two');

  test.each([
    [
      'is cut in the middle of a line',
      { kind: 'cutLine' },
      'cut',
      Buffer.from(one)
        .subarray(0, Math.floor(Buffer.byteLength(one) / 2))
        .toString(),
    ],
    [
      'says an error instead of the line, and ends',
      { kind: 'errorEvent', code: 500, reason: 'InternalError' },
      'end',
      /^\{"type":"ERROR","object":\{"kind":"Status".*"reason":"InternalError","code":500\}\}\n$/,
    ],
    ['loses the event and is cut', { kind: 'dropThenCut' }, 'cut', ''],
    [
      'loses the event and says that the version is too old',
      { kind: 'dropThenExpire' },
      'end',
      /^\{"type":"ERROR".*"reason":"Expired","code":410\}\}\n$/,
    ],
  ] as const satisfies readonly (readonly [string, ProxyFault, 'cut' | 'end', string | RegExp])[])(
    '%s',
    async (_name, fault, how, seen) => {
      const { text, ended } = await watching();
      proxy.faults.add({ ...fault, on: ['watch'], times: 1 });
      target.say(one + two);
      expect(await ended).toBe(how);
      if (typeof seen === 'string') expect(text()).toBe(seen);
      else expect(text()).toMatch(seen);
      expect(proxy.faults).toMatchObject({ struck: 1, pending: 0 });
      await until(
        'the server is notified',
        () => target.watches,
        (count) => count === 0,
      );
    },
  );

  test.each([
    ['brings the event twice', { kind: 'duplicate' }, one + one + two],
    [
      'brings a line that is no event before it',
      { kind: 'garbageLine' },
      `<html>gateway time-out</html>\n${one}${two}`,
    ],
    ['brings the line in two chunks, with a character cut in two', { kind: 'splitCharacter' }, one + two],
  ] as const)('%s, and goes on', async (_name, fault, expected) => {
    const { text } = await watching();
    proxy.faults.add({ ...fault, times: 1 });
    target.say(one + two);
    await until('all has come', text, (seen) => seen === expected);
    expect(proxy.faults.struck).toBe(1);
  });

  test('a character is truly cut: what comes first is no whole text', async () => {
    const { body } = await call('GET', watchPath);
    const chunks: Buffer[] = [];
    body.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
    await until(
      'the watch is open',
      () => target.watches,
      (count) => count === 1,
    );
    proxy.faults.add({ kind: 'splitCharacter', times: 1 });
    target.say(one);
    await until(
      'all has come',
      () => Buffer.concat(chunks).toString(),
      (seen) => seen === one,
    );
    expect(chunks.length).toBeGreaterThan(1);
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(chunks[0])).toThrow(TypeError);
  });

  test('brings an event that has grown, and is the same event', async () => {
    const { text } = await watching();
    proxy.faults.add({ kind: 'pad', bytes: 200_000, times: 1 });
    target.say(one + two);
    await until('both have come', text, (seen) => seen.endsWith(two));
    const [grown = ''] = text().split('\n');
    expect(Buffer.byteLength(grown)).toBeGreaterThan(200_000);
    const { object: inside, ...rest } = JSON.parse(grown);
    delete inside.padding;
    expect(JSON.stringify({ ...rest, object: inside })).toBe(one.trimEnd());
  });

  test('falls silent as soon as it is asked to, and stays open', async () => {
    const { text, ended } = await watching();
    target.say(one);
    await until('the first has come', text, (seen) => seen === one);
    proxy.faults.add({ kind: 'silent', on: ['watch'], times: 1 });
    target.say(two);
    const after = await watching();
    target.say(two);
    await until('another watch hears', after.text, (seen) => seen === two);
    expect(text()).toBe(one);
    expect(target.watches).toBe(2);
    proxy.cut();
    expect(await ended).toBe('cut');
  });

  test('is cut as soon as it is asked for', async () => {
    const { ended } = await watching();
    proxy.faults.add({ kind: 'cutNow', times: 1 });
    expect(await ended).toBe('cut');
    await until(
      'the server is notified',
      () => target.watches,
      (count) => count === 0,
    );
  });

  test('ends in order as soon as it is opened', async () => {
    proxy.faults.add({ kind: 'endAtOnce', on: ['watch'], times: 1 });
    const { statusCode, body } = await got(watchPath);
    expect([statusCode, body.length, received()]).toEqual([200, 0, 0]);
  });

  test('counts as a list until it has brought all that was there, bookmarks never being struck', async () => {
    const { text, ended } = await watching(streamPath);
    proxy.faults.add({ kind: 'duplicate', on: ['list'] });
    proxy.faults.add({ kind: 'dropThenCut', on: ['watch'] });
    target.say(one + initialEnd);
    await until('the list is complete', text, (seen) => seen === one + one + initialEnd);
    target.say(two);
    expect(await ended).toBe('cut');
    expect(text()).toBe(one + one + initialEnd);
    expect(proxy.faults.struck).toBe(2);
  });
});
