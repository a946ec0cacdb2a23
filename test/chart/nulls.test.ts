/** A value that is null, as people write it to take a default away: for each of them the default, or its absence. */
import { readFileSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from 'yaml';
import * as z from 'zod';
import { Cluster, chartDir, rendered, template, type Values } from './chart.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
const values = readFileSync(`${chartDir}/values.yaml`, 'utf8');
const { passedOn } = z
  .object({ passedOn: z.array(z.string()) })
  .parse(parse(readFileSync(`${chartDir}/files/defaults.yaml`, 'utf8')));
const { contents } = parseDocument(values);
if (!isMap(contents)) throw new Error('values.yaml is not a map.');

/** Every path of the values, maps included. */
function pathsOf(map: YAMLMap, above: readonly string[]): (readonly string[])[] {
  return map.items.flatMap(({ key, value }) => {
    const path = [...above, String(isScalar(key) ? key.value : key)];
    return isMap(value) ? [path, ...pathsOf(value, path)] : [path];
  });
}

const all = pathsOf(contents, []);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** `{a: {b: null}}` for each path. */
function nulls(paths: readonly (readonly string[])[]): Values {
  const result: Record<string, unknown> = {};
  for (const path of paths) {
    let here = result;
    for (const key of path.slice(0, -1)) {
      const below = here[key];
      const next = isRecord(below) ? below : {};
      here[key] = next;
      here = next;
    }
    here[path.at(-1) ?? ''] = null;
  }
  return result;
}

const isPassedOn = (path: readonly string[]) => passedOn.includes(path.join('.'));
const within = (path: readonly string[]) =>
  path.slice(0, -1).some((_key, length) => isPassedOn(path.slice(0, length + 1)));
const known = all.filter((path) => !within(path));
const plain = known.filter((path) => !isPassedOn(path));

it('all values that are no maps may be null together, and are their defaults', async () => {
  const leaves = plain.filter((path) => !isMap(contents.getIn(path)));
  expect(leaves.length).toBeGreaterThan(80);
  expect((await rendered(nulls(leaves))).text).toBe((await rendered()).text);
});

it.each(plain.filter((path) => isMap(contents.getIn(path))).map((path) => [path.join('.'), path] as const))(
  '%s may be null as a whole, and is its default',
  async (_name, path) => {
    expect((await rendered(nulls([path]))).text).toBe((await rendered()).text);
  },
);

it('what is passed on to Kubernetes as a whole is left out where it is null, each alone and all together, and the API server takes it', async () => {
  const paths = known.filter(isPassedOn);
  expect(passedOn).toEqual(
    expect.arrayContaining(['resources', 'strategy', 'probes.startup', 'podSecurityContext', 'nodeSelector']),
  );
  for (const path of paths) expect((await template(nulls([path]))).exitCode, path.join('.')).toBe(0);
  const { text } = await rendered({ ...nulls(paths), crds: { install: false } });
  expect(text).not.toMatch(/startupProbe|rollingUpdate|limits:\n +memory: 256Mi/);
  expect(text).not.toMatch(/: null$|: \{\}$/m);
  await cluster.accepts(text);
});

it('a part of what is passed on may be null too', async () => {
  const { text } = await rendered({
    resources: { limits: null, claims: null },
    strategy: { rollingUpdate: null },
    probes: { liveness: { periodSeconds: null } },
    global: null,
    enabled: null,
  });
  await cluster.accepts(text);
});
