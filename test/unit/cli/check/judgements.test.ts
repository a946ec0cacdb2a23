import { expect, it } from 'vitest';
import {
  judgeBudget,
  judgeClock,
  judgeCredentials,
  judgeProxy,
  judgeReach,
  judgeReading,
  judgeWriting,
} from '../../../../src/cli/check/acronis.ts';
import {
  judgeCrds,
  judgeImage,
  judgeLeader,
  judgeRights,
  judgeServer,
  tagOf,
} from '../../../../src/cli/check/cluster.ts';
import { type CheckResult, exitCodeOf, type Judged } from '../../../../src/cli/check/line.ts';
import { flagsOfOperator } from '../../../../src/cli/check/pod-settings.ts';
import { rightsOf } from '../../../../src/cli/check/rights.ts';
import { rolesOf } from '../../../../src/cli/check/token-roles.ts';

const lease = { name: 'acronis-upsell-operator', namespace: 'acronis-system', holder: 'pod-1', durationMs: 15_000 };
const image = {
  namespace: 'acronis-system',
  deployment: 'operator',
  image: 'ghcr.io/x/op:v0.1.0',
  ready: 1,
  wanted: 1,
};
const crd = { kind: 'TenantUserUpsell', known: ['spec.userID', 'spec.login'], served: ['spec.userID', 'spec.login'] };
const crds = (served: readonly string[], absent: readonly string[] = []) =>
  judgeCrds({ kind: 'seen', value: { served: [{ ...crd, served }], absent } });
const rights = rightsOf({ watchNamespaces: [], leaseName: 'x', leaderElect: true });
const subject = 'system:serviceaccount:a:b';
const missing = { kind: 'missing', problem: "The operator's environment lacks ACRONIS_URL. Set it." } as const;
const perHour = { feed: 240, resync: 60, brands: 0 };
const forbidden = { kind: 'failed', cause: 'forbidden', message: 'No right.' } as const;

it.each<readonly [string, Judged, CheckResult, string]>([
  ['a kubeconfig that cannot be used', judgeServer({ problem: 'No such file.' }), 'fail', 'No such file'],
  ['CRDs of this version', crds(crd.known), 'pass', 'of this version'],
  ['a CRD that lacks a field: it would be dropped', crds(['spec.userID']), 'fail', 'drops TenantUserUpsell spec.login'],
  ['a CRD with a field of a newer version', crds([...crd.known, 'spec.newer']), 'warn', 'spec.newer'],
  ['a kind that is not served', crds(crd.known, ['AcronisAccount']), 'fail', 'no AcronisAccount'],
  ['no CRD at all', judgeCrds({ kind: 'absent' }), 'fail', 'serves no upsell.acronis.com'],
  ['what may not be read', judgeCrds({ kind: 'forbidden', what: 'read it' }), 'warn', 'you may not read it'],
  [
    'an operator with all rights',
    judgeRights({ kind: 'seen', value: { subject, isOperator: true, denied: [], count: 16 } }),
    'pass',
    'all 16',
  ],
  [
    'an operator without one',
    judgeRights({ kind: 'seen', value: { subject, isOperator: true, denied: rights.slice(0, 1), count: 16 } }),
    'fail',
    'list tenantuserupsells. Without that no object is seen',
  ],
  [
    'rights of the person alone',
    judgeRights({ kind: 'seen', value: { subject: 'admin', isOperator: false, denied: [], count: 16 } }),
    'warn',
    'not known',
  ],
  ['a leader', judgeLeader({ kind: 'seen', value: { ...lease, ageMs: 2_000 } }), 'pass', 'pod-1 is leader'],
  [
    'a lease that is not renewed',
    judgeLeader({ kind: 'seen', value: { ...lease, ageMs: 90_000 } }),
    'fail',
    '90 s ago',
  ],
  [
    'a lease that was released',
    judgeLeader({ kind: 'seen', value: { ...lease, holder: '', ageMs: 2_000 } }),
    'warn',
    'No replica',
  ],
  ['no lease', judgeLeader({ kind: 'absent' }), 'warn', 'no operator has run'],
  ['the same image', judgeImage({ kind: 'seen', value: [image] }, '0.1.0', false), 'pass', 'as this program'],
  ['another image', judgeImage({ kind: 'seen', value: [image] }, '0.2.0', false), 'warn', 'this program is 0.2.0'],
  [
    'no replica is ready',
    judgeImage({ kind: 'seen', value: [{ ...image, ready: 0 }] }, '0.1.0', false),
    'fail',
    '0 of 1 ready',
  ],
  ['its own pod', judgeImage({ kind: 'forbidden', what: 'list' }, '0.1.0', true), 'pass', 'own image'],
  ['no credentials at all', judgeCredentials(missing, 0), 'fail', 'ACRONIS_URL'],
  ['credentials in other places alone', judgeCredentials(missing, 1), 'warn', 'ACRONIS_URL'],
  [
    'a URL that is not allowed',
    judgeCredentials({ kind: 'urlNotAllowed', problem: 'Not https.' }, 1),
    'fail',
    'Not https',
  ],
  [
    'a proxy',
    judgeProxy({ host: 'h', proxy: { name: 'proxy:3128', variable: 'https_proxy' }, direct: false }),
    'pass',
    'through the proxy proxy:3128, as https_proxy says',
  ],
  [
    'a proxy that is excepted',
    judgeProxy({ host: 'h', proxy: { name: 'proxy:3128', variable: 'HTTPS_PROXY' }, direct: true }),
    'pass',
    'NO_PROXY excepts',
  ],
  ['an API client that is accepted', judgeReach({ kind: 'served', value: 't' }), 'pass', 'of the tenant t'],
  ['one that is not', judgeReach({ kind: 'failed', cause: 'credentials', message: 'Refused.' }), 'fail', 'Refused'],
  ['no right to list users', judgeReading(forbidden), 'fail', 'No right'],
  [
    'a token with a role that writes',
    judgeWriting({ roles: ['partner_admin'], assigned: 0, denied: 0 }),
    'pass',
    'partner_admin',
  ],
  [
    'a token with roles that only read',
    judgeWriting({ roles: ['readonly_admin', 'protection_ro_admin'], assigned: 0, denied: 0 }),
    'fail',
    'may not change users',
  ],
  ['a token that does not say', judgeWriting({ roles: [], assigned: 0, denied: 0 }), 'warn', 'does not say'],
  ['users that were changed before', judgeWriting({ roles: [], assigned: 3, denied: 0 }), 'pass', '3 objects'],
  [
    'users that were refused',
    judgeWriting({ roles: ['partner_admin'], assigned: 3, denied: 2 }),
    'fail',
    '2 objects say AccessDenied',
  ],
  ['clocks that agree', judgeClock({ aheadMs: 900, tookMs: 100 }), 'pass', 'agree'],
  ['a slow response, which says little about clocks', judgeClock({ aheadMs: -9_000, tookMs: 8_500 }), 'pass', 'agree'],
  ['a clock a little wrong', judgeClock({ aheadMs: 12_000, tookMs: 100 }), 'warn', '12 s behind'],
  ['a clock ten minutes ahead', judgeClock({ aheadMs: -600_000, tookMs: 100 }), 'fail', '600 s ahead of'],
  ['no rate', judgeBudget({ perHour, objects: 3_000, rate: 0 }), 'pass', '300 requests an hour keep 3,000'],
  ['a rate that is nearly used up', judgeBudget({ perHour, objects: 3_000, rate: 0.1 }), 'warn', '84 %'],
  [
    'a rate that is too low',
    judgeBudget({ perHour: { ...perHour, feed: 3_600 }, objects: 3_000, rate: 0.5 }),
    'fail',
    '204 %',
  ],
])('the checklist says of %s what it is', (_, judged, result, part) => {
  expect(judged.says).toContain(part);
  expect(judged.result).toBe(result);
});

it('every line that does not pass says what to do', () => {
  const withRemedy = [
    judgeCrds({ kind: 'absent' }),
    judgeLeader({ kind: 'absent' }),
    judgeBudget(undefined),
    judgeClock(undefined),
  ];
  for (const { remedy } of withRemedy) expect(remedy).toMatch(/^[A-Z].+\.$/);
});

it('warnings alone are no failure', () => {
  const line = (result: CheckResult) => ({ id: 'x', title: 'x', says: 'x', result });
  expect(exitCodeOf([line('pass'), line('warn')])).toBe(0);
  expect(exitCodeOf([line('warn'), line('fail')])).toBe(1);
});

it('the tag of an image is read past a port and a digest', () => {
  expect(['r.example:5000/a/b:v1.2.3@sha256:00', 'a/b:1.2.3', 'r.example:5000/a', 'a@sha256:00'].map(tagOf)).toEqual([
    '1.2.3',
    '1.2.3',
    '',
    '',
  ]);
});

it('roles are read from a JSON Web Token, and from nothing else', () => {
  const token = (payload: unknown) => `h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`;
  expect(rolesOf(token({ scope: [{ tid: 't', role: 'partner_admin' }, { tid: 't' }, { role: 'a b' }] }))).toEqual([
    'partner_admin',
  ]);
  expect([token({ scope: 'openid' }), 'opaque', 'a.b.c', ''].flatMap(rolesOf)).toEqual([]);
});

it("in the operator's pod its own flags are read, and those of no other program", () => {
  const line = (...args: string[]) => `${args.join('\0')}\0`;
  expect(flagsOfOperator(line('node', '--max-old-space-size=1', '/app/main.js', 'run', '--log-level=debug'))).toEqual([
    '--log-level=debug',
  ]);
  expect(flagsOfOperator(line('node', 'dist/main.js', '--a=b'))).toEqual(['--a=b']);
  expect(flagsOfOperator(line('node', 'dist/main.js', 'check', '--a=b'))).toBeUndefined();
  expect(flagsOfOperator(line('/sbin/init', '--a=b'))).toBeUndefined();
});
