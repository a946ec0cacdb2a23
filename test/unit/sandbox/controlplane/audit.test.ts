import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { asked, refused, unused } from '../../../../sandbox/controlplane/audit.ts';

const operator = 'system:serviceaccount:here:operator';

interface Asked {
  readonly verb: string;
  readonly user?: string;
  readonly object?: object;
  readonly code?: number;
  readonly decision?: string;
}

async function logOf(entries: readonly Asked[], tail = ''): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-audit-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const lines = entries.map(({ verb, user = operator, object, code = 200, decision = 'allow' }, index) =>
    JSON.stringify({
      auditID: String(index),
      verb,
      requestURI: `/apis/${index}?limit=500`,
      user: user === '' ? {} : { username: user },
      ...(object === undefined ? {} : { objectRef: object }),
      responseStatus: { code },
      annotations: { 'authorization.k8s.io/decision': decision },
    }),
  );
  const log = join(dir, 'audit.log');
  await writeFile(log, [...lines, tail].join('\n'));
  return log;
}

it('a client is known by its whole name, and a line that is half written is left for later', async () => {
  const log = await logOf(
    [{ verb: 'get' }, { verb: 'list', user: `${operator}-2` }, { verb: 'watch', user: '' }],
    `{"auditID":"9","user":{"username":"${operator}"`,
  );
  expect((await asked(log, operator)).map(({ verb }) => verb)).toEqual(['get']);
});

it('refused is what the authorizer refused; what admission refuses with the same code is not', async () => {
  const log = await logOf([
    { verb: 'get', code: 403, decision: 'forbid' },
    { verb: 'create', code: 403 },
    { verb: 'patch', code: 401, decision: '' },
    { verb: 'get', code: 404 },
  ]);
  expect(refused(await asked(log, operator))).toEqual(['get /apis/0: 403', 'patch /apis/2: 401']);
});

it('a right is used by a request of its verb, group, resource, subresource, namespace and name, and by no other', async () => {
  const seen = await asked(
    await logOf([
      {
        verb: 'patch',
        object: { apiGroup: 'g', resource: 'things', subresource: 'status', namespace: 'a', name: 'x' },
      },
      { verb: 'get', object: { resource: 'secrets', namespace: 'a', name: 'x' } },
    ]),
    operator,
  );
  const left = (namespace: string | undefined, apiGroup: string, resource: string, verb: string, name?: string) =>
    unused(seen, [
      {
        namespace,
        rule: {
          apiGroups: [apiGroup],
          resources: [resource],
          verbs: [verb],
          ...(name === undefined ? {} : { resourceNames: [name] }),
        },
      },
    ]);
  expect(left(undefined, 'g', 'things/status', 'patch')).toEqual([]);
  expect(left('a', 'g', 'things/status', 'patch', 'x')).toEqual([]);
  expect(left('a', '', 'secrets', 'get', 'x')).toEqual([]);
  expect(left('b', 'g', 'things/status', 'patch')).toEqual(['patch g/things/status in b']);
  expect(left(undefined, 'g', 'things', 'patch')).toEqual(['patch g/things in all namespaces']);
  expect(left(undefined, '', 'things/status', 'patch')).toEqual(['patch /things/status in all namespaces']);
  expect(left(undefined, 'g', 'things/status', 'update')).toEqual(['update g/things/status in all namespaces']);
  expect(left('a', '', 'secrets', 'get', 'y')).toEqual(['get /secrets in a']);
});
