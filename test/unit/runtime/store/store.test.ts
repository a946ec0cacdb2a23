import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../../../../src/runtime/store/store.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';

interface Thing {
  readonly key: string;
  readonly namespace: string;
  readonly version: number;
  readonly color?: string;
}

const thing = (key: string, version = 1, color?: string): Thing => ({
  key,
  namespace: key.split('/')[0] ?? '',
  version,
  ...(color === undefined ? {} : { color }),
});

let log: RecordedLog;
const newStore = () =>
  new Store<Thing, 'color' | 'namespace'>({
    log,
    indexes: { color: (o) => o.color, namespace: (o) => o.namespace },
    same: (a, b) => a.version === b.version,
  });

beforeEach(() => {
  log = new RecordedLog();
});

describe('the store', () => {
  it('knows the values under which there is an object', () => {
    const store = newStore();
    store.upsert(thing('a/1', 1, 'red'));
    store.upsert(thing('a/2', 1, 'red'));
    store.upsert(thing('b/1', 1, 'blue'));
    store.upsert(thing('b/2', 1));
    expect([...store.indexedValues('color')]).toEqual(['red', 'blue']);
    store.remove('a/1');
    store.upsert(thing('b/1', 2, 'green'));
    expect([...store.indexedValues('color')]).toEqual(['red', 'green']);
    store.remove('a/2');
    expect([...store.indexedValues('color')]).toEqual(['green']);
  });

  it('finds objects by key and by index', () => {
    const store = newStore();
    store.upsert(thing('a/1', 1, 'red'));
    store.upsert(thing('a/2', 1, 'red'));
    store.upsert(thing('b/1', 1, 'blue'));
    expect(store.get('a/1')?.color).toBe('red');
    expect(store.size).toBe(3);
    expect([...store.keys()]).toEqual(['a/1', 'a/2', 'b/1']);
    expect([...store.byIndex('color', 'red')]).toEqual(['a/1', 'a/2']);
    expect([...store.byIndex('color', 'blue')]).toEqual(['b/1']);
    expect([...store.byIndex('color', 'green')]).toHaveLength(0);
  });

  it('moves an object in the indexes when it changes, and takes it out when it goes', () => {
    const store = newStore();
    store.upsert(thing('a/1', 1, 'red'));
    store.upsert(thing('a/2', 1, 'red'));
    store.upsert(thing('a/1', 2, 'blue'));
    expect([...store.byIndex('color', 'red')]).toEqual(['a/2']);
    expect([...store.byIndex('color', 'blue')]).toEqual(['a/1']);
    store.upsert(thing('a/1', 3));
    expect([...store.byIndex('color', 'blue')]).toHaveLength(0);
    store.remove('a/2');
    expect([...store.byIndex('color', 'red')]).toHaveLength(0);
  });

  it('notifies listeners of what was and what is, and not where nothing changed', () => {
    const store = newStore();
    const told: [number | undefined, number | undefined][] = [];
    const stop = store.subscribe((before, after) => told.push([before?.version, after?.version]));
    const first = thing('a/1', 1);
    store.upsert(first);
    store.upsert(thing('a/1', 1));
    expect(store.get('a/1')).toBe(first);
    store.upsert(thing('a/1', 2));
    store.remove('a/1');
    store.remove('a/1');
    expect(told).toEqual([
      [undefined, 1],
      [1, 2],
      [2, undefined],
    ]);
    stop();
    store.upsert(thing('a/1', 3));
    expect(told).toHaveLength(3);
  });

  it('is replaced whole before any listener is notified, and only of what became different', () => {
    const store = newStore();
    for (const one of [thing('a/gone', 1, 'red'), thing('a/same', 1), thing('a/changed', 1)]) store.upsert(one);
    const told: string[] = [];
    store.subscribe((before, after) => {
      told.push(`${before?.version}→${after?.version} ${(after ?? before)?.key}`);
      expect([...store.keys()].sort()).toEqual(['a/changed', 'a/new', 'a/same']);
      expect([...store.byIndex('color', 'red')]).toHaveLength(0);
    });
    store.replace([thing('a/new', 1), thing('a/same', 1), thing('a/changed', 2)]);
    expect(told.sort()).toEqual(['1→2 a/changed', '1→undefined a/gone', 'undefined→1 a/new']);
  });

  it('leaves other namespaces alone when one is replaced', () => {
    const store = newStore();
    for (const one of [thing('a/1'), thing('a/2'), thing('b/1')]) store.upsert(one);
    store.replace([thing('a/3'), thing('b/9')], 'a');
    expect([...store.keys()].sort()).toEqual(['a/3', 'b/1']);
  });

  it('is not broken by a listener that throws, and neither are the other listeners', () => {
    const store = newStore();
    const told: string[] = [];
    store.subscribe(() => {
      throw new TypeError('no');
    });
    store.subscribe((_, after) => told.push(after?.key ?? ''));
    store.replace([thing('a/1'), thing('a/2')]);
    expect(told).toEqual(['a/1', 'a/2']);
    expect(store.size).toBe(2);
    expect(log.at('error')).toHaveLength(2);
    expect(log.at('error')[0]?.fields).toMatchObject({ key: 'a/1', error: 'TypeError: no' });
  });

  it('does not mistake names of JavaScript for keys or values', () => {
    const store = newStore();
    expect(store.get('__proto__')).toBeUndefined();
    expect([...store.byIndex('color', 'constructor')]).toHaveLength(0);
    store.upsert(thing('a/__proto__', 1, '__proto__'));
    expect([...store.byIndex('color', '__proto__')]).toEqual(['a/__proto__']);
  });

  it('agrees with a plain map over random histories, in content, indexes and notifications', () => {
    const object = fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(4), fc.nat(3), fc.constantFrom('red', 'blue', undefined))
      .map(([namespace, name, version, color]) => thing(`${namespace}/${name}`, version, color));
    const step = fc.oneof(
      fc.record({ kind: fc.constant('upsert' as const), object }),
      fc.record({ kind: fc.constant('remove' as const), object }),
      fc.record({
        kind: fc.constant('replace' as const),
        objects: fc.uniqueArray(object, { selector: (o) => o.key, maxLength: 8 }),
        scope: fc.constantFrom('a', 'b', undefined),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const store = newStore();
        const model = new Map<string, Thing>();
        const told = new Map<string, Thing>();
        store.subscribe((before, after) => {
          const key = (after ?? before)?.key ?? '';
          expect(told.get(key)).toBe(before);
          if (after === undefined) told.delete(key);
          else told.set(key, after);
        });
        const put = (one: Thing) => {
          if (model.get(one.key)?.version !== one.version) model.set(one.key, one);
        };
        for (const one of steps) {
          if (one.kind === 'upsert') {
            store.upsert(one.object);
            put(one.object);
          } else if (one.kind === 'remove') {
            store.remove(one.object.key);
            model.delete(one.object.key);
          } else {
            store.replace(one.objects, one.scope);
            const within = one.objects.filter((o) => one.scope === undefined || o.namespace === one.scope);
            for (const [key, o] of model) {
              if ((one.scope === undefined || o.namespace === one.scope) && !within.some((w) => w.key === key))
                model.delete(key);
            }
            within.forEach(put);
          }
          expect(new Map([...store.values()].map((o) => [o.key, o]))).toEqual(model);
          expect(told).toEqual(model);
          for (const color of ['red', 'blue']) {
            const expected = [...model.values()].filter((o) => o.color === color).map((o) => o.key);
            expect([...store.byIndex('color', color)].sort()).toEqual(expected.sort());
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes a hundred thousand objects, changes and removals quickly, with an index of one value as well as of many', () => {
    const startedAt = performance.now();
    const store = new Store<Thing, 'all' | 'own'>({ log, indexes: { all: () => 'same', own: (o) => o.key } });
    const things = Array.from({ length: 100_000 }, (_, i) => thing(`ns/${i}`));
    store.replace(things);
    expect([...store.byIndex('all', 'same')]).toHaveLength(100_000);
    store.replace(things);
    for (const one of things) store.remove(one.key);
    expect([...store.byIndex('all', 'same')]).toHaveLength(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
