/** `import`, `check` and `status` as a person runs them: the built file, a real API server, a real sandbox. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { ownRole } from '../../sandbox/acronis/state/roles.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { bundle } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { command, type Ran } from '../support/command.ts';
import { outputProblems } from '../support/output-schema.ts';
import { World } from './world.ts';

let world: World;
let tenant: string;
beforeAll(async () => {
  // People of its own: `import` leaves out whom another test's object names.
  world = await World.start({ sandbox: { seed: 16_021, users: 60 } });
  tenant = world.acronis.cast.tenants.partner;
});
afterAll(() => world[Symbol.asyncDispose]());

const env = () => ({
  KUBECONFIG: inject('controlPlane').kubeconfig,
  ACRONIS_URL: world.acronis.url,
  ACRONIS_CLIENT_ID: world.acronis.clientId,
  ACRONIS_CLIENT_SECRET: world.acronis.clientSecret,
});
const run = (...args: string[]): Promise<Ran> => command(args, { env: env() });
const importing = (...args: string[]): Promise<Ran> =>
  run('import', `--tenant=${tenant}`, `--namespace=${world.namespace}`, '--allow-insecure-acronis', ...args);

const manifest = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.record(z.string(), z.unknown()),
});
const documents = (text: string) => parseAllDocuments(text).map((each) => manifest.parse(each.toJS()));
const summary = z.object({
  objects: z.number(),
  ready: z.object({ true: z.number() }),
  byAccount: z.array(z.object({ name: z.string(), objects: z.number() })),
  noBuyers: z.array(z.object({ name: z.string(), reason: z.string() })),
});
const status = async () => {
  const { stdout } = await run('status', '-n', world.namespace, '-o', 'json');
  expect(await outputProblems('status', stdout)).toEqual([]);
  return summary.parse(JSON.parse(stdout));
};

it('what import prints makes every company administrator a buyer, and a second run prints nothing', async () => {
  world.logOnFailure();
  const first = await importing();
  expect(first).toMatchObject({ exitCode: 0 });
  const objects = documents(first.stdout);
  expect(objects.length).toBeGreaterThan(5);
  expect(objects.map(({ metadata }) => metadata.name)).toContain(`u-${world.acronis.cast.companyAdmin}`);
  for (const { spec } of objects) expect(Object.keys(spec)).toEqual(['userID', 'tenantID']);
  expect((await importing()).stdout).toBe(first.stdout);

  await world.apply(...objects);
  const second = await importing();
  expect(second).toMatchObject({ exitCode: 0, stdout: '' });
  expect(second.stderr).toContain('0 objects printed');
  const seen = await until('all are Ready', status, ({ ready }) => ready.true === objects.length);
  expect(seen).toMatchObject({ objects: objects.length, noBuyers: [] });
  expect(seen.byAccount).toEqual([{ name: "the operator's own", objects: objects.length }]);
});

it('logins are printed only where they were asked for, and are taken by kubectl whatever they hold', async () => {
  const logins = ['yes', '0x1f', "it's: #1", '1:30', '"quoted" \\ back', '😀@example.com'];
  const [home = ''] = world.acronis.cast.tenants.customers;
  for (const login of logins) world.acronis.console.add({ login, tenantId: home, roles: ownRole('company_admin') });
  const byId = await importing();
  expect(documents(byId.stdout)).toHaveLength(logins.length);
  for (const login of logins) expect(byId.stdout).not.toContain(login);
  const byLogin = await importing('--by=login');
  expect(
    documents(byLogin.stdout)
      .map(({ spec }) => spec['login'])
      .toSorted(),
  ).toEqual(logins.toSorted());
  const taken = await kubectlOk(
    inject('controlPlane'),
    ['create', '--dry-run=server', '-o', 'jsonpath={.spec.login}{"\\n"}', '-f', '-'],
    { stdin: byLogin.stdout },
  );
  expect(taken.trimEnd().split('\n').toSorted()).toEqual(logins.toSorted());
});

it('the prune report names whose user is disabled or has another role, and deletes nothing', async () => {
  const { companyAdmin } = world.acronis.cast;
  const before = await world.ok('get', 'tuu', '-o', 'name');
  world.acronis.console.change(companyAdmin, { enabled: false });
  const report = await importing('--prune-report', '--output=json');
  expect(await outputProblems('prune-report', report.stdout)).toEqual([]);
  expect(JSON.parse(report.stdout)).toMatchObject([
    { namespace: world.namespace, name: `u-${companyAdmin}`, reason: 'disabled' },
  ]);
  expect(await world.ok('get', 'tuu', '-o', 'name')).toBe(before);
  world.acronis.console.change(companyAdmin, { enabled: true });
});

it('import --policy prints one policy that the API server takes', async () => {
  const { stdout } = await importing('--policy');
  await kubectlOk(inject('controlPlane'), ['create', '--dry-run=server', '-f', '-'], { stdin: stdout });
  expect(documents(stdout)).toMatchObject([{ kind: 'TenantUpsellPolicy', spec: { tenantID: tenant } }]);
});

it('a list that breaks off prints nothing', async () => {
  world.acronis.faults.add({ kind: 'status', status: 502, body: 'html' });
  const { exitCode, stdout, stderr } = await importing();
  world.acronis.faults.clear();
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(/error: .+HTTP 5xx/);
});

it.each([
  ['no credentials', { ACRONIS_CLIENT_ID: '' }, /lacks .*ACRONIS_CLIENT_ID/],
  ['a secret that is not accepted', { ACRONIS_CLIENT_SECRET: 'wrong' }, /did not accept the API client/],
  ['no network', { ACRONIS_URL: 'http://127.0.0.1:9' }, /cannot be reached|refused/i],
  ['no cluster', { KUBECONFIG: '/nowhere' }, /kubeconfig/i],
])('with %s import says so in one sentence', async (_, changed, sentence) => {
  const args = ['import', `--tenant=${tenant}`, '--allow-insecure-acronis'];
  const { exitCode, stdout, stderr } = await command(args, { env: { ...env(), ...changed } });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/\bat .+:\d+:\d+/);
});

const checked = z.object({
  result: z.string(),
  lines: z.array(z.looseObject({ id: z.string(), result: z.string(), says: z.string() })),
});

it('check passes what is well, says what it cannot see, and writes nothing', async () => {
  world.acronis.ledger.reset();
  const { stdout, stderr, exitCode } = await run(
    'check',
    '--allow-insecure-acronis',
    `--operator-namespace=${world.namespace}`,
    // Of its own objects: another test's, which runs beside it, may have been refused their users.
    `--watch-namespaces=${world.namespace}`,
    '--output=json',
  );
  expect(stderr).toBe('');
  expect(await outputProblems('check', stdout)).toEqual([]);
  const { lines } = checked.parse(JSON.parse(stdout));
  const resultOf = Object.fromEntries(lines.map(({ id, result }) => [id, result]));
  expect(resultOf).toMatchObject({
    server: 'pass',
    crds: 'pass',
    leader: 'pass',
    proxy: 'pass',
    credentials: 'pass',
    reach: 'pass',
    read: 'pass',
    write: 'pass',
    clock: 'pass',
    budget: 'pass',
  });
  expect(exitCode).toBe(0);
  expect(world.acronis.ledger.count('putUser')).toBe(0);
});

it('check fails without network and credentials, each line with its remedy, and ends with 1', async () => {
  const none = { KUBECONFIG: '/nowhere', ACRONIS_URL: '' };
  const { stdout, exitCode } = await command(['check'], { env: { ...env(), ...none } });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^fail {2}API server .*nowhere/m);
  expect(stdout).toMatch(/^fail {2}Credentials .*ACRONIS_URL/m);
  expect(stdout).toMatch(/^warn {2}CRDs .*Not checked/m);
});

it('50,000 users are imported within 150 MiB', async () => {
  const large = await startSandbox({ users: 75_000, tenants: 300, seed: 16_022 });
  try {
    const report = "data:text/javascript,process.on('exit',()=>console.error('RSS',process.resourceUsage().maxRSS))";
    const args = [
      'import',
      `--tenant=${large.cast.tenants.partner}`,
      '--role=any',
      '--no-cluster',
      '--allow-insecure-acronis',
    ];
    const { stdout, stderr, exitCode } = await command(args, {
      env: {
        ACRONIS_URL: large.url,
        ACRONIS_CLIENT_ID: large.clientId,
        ACRONIS_CLIENT_SECRET: large.clientSecret,
        NODE_OPTIONS: `--import=${report}`,
      },
    });
    expect(exitCode).toBe(0);
    const names = stdout.match(/^ {2}name: .+$/gm) ?? [];
    expect(names.length).toBeGreaterThanOrEqual(49_000);
    expect(new Set(names).size).toBe(names.length);
    const kilobytes = Number(/RSS (\d+)/.exec(stderr)?.[1]);
    expect(kilobytes / 1_024).toBeLessThan(150);
  } finally {
    await large.stop();
  }
}, 120_000);

it('status --watch draws a change again on a terminal, and Ctrl-C ends it', async () => {
  const args = [bundle, 'status', '--watch', '-n', world.namespace];
  // A terminal of its own.
  const child = spawn('script', ['-qec', [process.execPath, ...args].join(' '), '/dev/null'], {
    env: { ...process.env, ...env(), COLUMNS: '100', LINES: '40' },
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += String(data);
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await until(
    'the first screen',
    () => text,
    (seen) => seen.includes('objects'),
    { withinMs: 20_000 },
  );
  await world.upsell('watched', { userID: '00000000-0000-4000-8000-000000000000', tenantID: tenant });
  await until(
    'the change',
    () => text,
    (seen) => seen.includes('watched') && seen.includes('UserNotFound'),
    { withinMs: 20_000 },
  );
  expect(text).toContain('\u001b[H');
  child.stdin.write('\u0003');
  expect(await ended).toBe(130);
});

it('a reader that has seen enough ends status --watch quietly', async () => {
  const line = `"${process.execPath}" "${bundle}" status --watch -o json -n ${world.namespace} | head -c 10; exit \${PIPESTATUS[0]}`;
  const child = spawn('bash', ['-c', line], { env: { ...process.env, ...env() } });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += String(data);
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  // The closed pipe is seen with the next state.
  let made = 0;
  const poke = setInterval(() => void world.upsell(`seen-${made++}`, { userID: randomUUID() }).catch(() => {}), 1_000);
  expect(await ended).toBe(141);
  clearInterval(poke);
  expect(stderr).toBe('');
});
