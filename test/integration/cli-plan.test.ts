/** `plan` as a person runs it: the built file, a real API server, the sandbox; files, pipes, and what goes wrong. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { bundle } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import type { Document } from '../../src/cli/plan/documents.ts';
import { problemIn } from '../../src/cli/plan/valid.ts';
import { outputProblems } from '../support/output-schema.ts';

const namespace = `plan-${randomBytes(4).toString('hex')}`;
let acronis: Sandbox;
let folder: string;

beforeAll(async () => {
  acronis = await startSandbox({ users: 20 });
  folder = await mkdtemp(join(tmpdir(), 'upsell-plan-'));
  await kubectlOk(inject('controlPlane'), ['create', 'namespace', namespace]);
});
afterAll(async () => {
  await acronis.stop();
  await rm(folder, { recursive: true });
});

const manifest = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUserUpsell',
  metadata: { name, namespace, ...metadata },
  spec,
});

const env = (): Record<string, string> => ({
  ACRONIS_URL: acronis.url,
  ACRONIS_CLIENT_ID: acronis.clientId,
  ACRONIS_CLIENT_SECRET: acronis.clientSecret,
  ALLOW_INSECURE_ACRONIS: 'true',
});
const plan = (args: readonly string[], input = '', more: Record<string, string> = {}) =>
  execa(process.execPath, [bundle, 'plan', ...args], {
    env: { ...env(), ...more },
    input,
    reject: false,
    timeout: 30_000,
  });
const inCluster = () => ['--cluster', `--kubeconfig=${inject('controlPlane').kubeconfig}`, '-n', namespace];

it('says what would be assigned and why, exits with 2, and writes nothing', async () => {
  const { johnDoe } = acronis.cast;
  const { stdout, stderr, exitCode } = await plan(['-f', '-'], JSON.stringify(manifest('john', { userID: johnDoe })));
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    new RegExp(`${namespace}/john +would assign +BuyerAssigned +The user does not have the types yet`),
  );
  expect(exitCode).toBe(2);
  expect(acronis.ledger.putsOf(johnDoe).sent).toBe(0);
});

it('a user who is a buyer leaves nothing to do, and the exit code is 0', async () => {
  const { stdout, exitCode } = await plan(
    ['-f', '-'],
    JSON.stringify(manifest('buyer', { userID: acronis.cast.buyer })),
  );
  expect(stdout).toBe('Nothing to do: 1 unchanged.\n'.trimEnd());
  expect(exitCode).toBe(0);
});

it('objects with errors name their place in the files, and the exit code is 1', async () => {
  const bad = [manifest('a', { userID: acronis.cast.johnDoe }), manifest('b', { userID: 'x' })];
  const { stdout, exitCode } = await plan(
    ['-f', '-', '-o', 'json'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: bad }),
  );
  expect(await outputProblems('plan', stdout)).toEqual([]);
  expect(JSON.parse(stdout)).toMatchObject({
    summary: { objects: 2, assign: 1, errors: 1 },
    objects: [
      { name: 'a', action: 'assign' },
      { name: 'b', action: 'error', where: 'standard input, document 1, item 2' },
    ],
  });
  expect(exitCode).toBe(1);
});

it('the cluster: objects there are planned with what their status remembers, and a change of what is immutable is refused as the API server does', async () => {
  const { samRivers, johnDoe } = acronis.cast;
  const applied = manifest('sam', { userID: samRivers });
  await kubectlOk(inject('controlPlane'), ['create', '-f', '-'], { stdin: JSON.stringify(applied) });
  const whole = await plan(inCluster());
  expect(whole.stdout).toContain(`${namespace}/sam`);
  expect(whole.exitCode).toBe(2);
  const changed = await plan([...inCluster(), '-f', '-'], JSON.stringify(manifest('sam', { userID: johnDoe })));
  expect(changed.stdout).toContain('userID cannot be changed');
  expect(changed.exitCode).toBe(1);
});

const policy = (spec: object = {}) => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUpsellPolicy',
  metadata: { name: 'admins', namespace },
  spec: { tenantID: acronis.cast.tenants.partner, ...spec },
});

it('a policy in a file is planned as if it were applied: its children, and what they would assign; no login is printed', async () => {
  const file = JSON.stringify(policy());
  const { stdout, stderr, exitCode } = await plan(['-f', '-', '--output', 'json'], file);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 2 });
  expect(await outputProblems('plan', stdout)).toEqual([]);
  const { policies, objects, summary } = JSON.parse(stdout);
  expect(policies).toMatchObject([{ name: 'admins', action: 'change', children: 0, make: policies[0].matched }]);
  expect(objects).toHaveLength(policies[0].matched);
  expect(summary).toMatchObject({ policies: 1, children: { make: policies[0].matched, remove: 0 } });
  const { companyAdmin } = acronis.cast;
  expect(objects).toContainEqual(
    expect.objectContaining({
      name: `u-${companyAdmin}`,
      userID: companyAdmin,
      policy: 'admins',
      change: 'make',
      action: 'assign',
    }),
  );
  expect(acronis.ledger.count('putUser')).toBe(0);
  for (const format of ['table', 'markdown', 'json', 'yaml']) {
    const { stdout: text } = await plan(['-f', '-', '--output', format], file);
    expect(text).not.toContain('@');
    expect(text).toContain(`u-${companyAdmin}`);
  }
});

it('a brake that would hold is an error with the command that lets it through', async () => {
  const { stdout, exitCode } = await plan(['-f', '-'], JSON.stringify(policy({ limits: { maxUsers: 1 } })));
  expect(stdout).toContain('TooManyUsers');
  expect(stdout).toContain(`kubectl -n ${namespace} patch tenantupsellpolicies admins --type=merge`);
  expect(exitCode).toBe(1);
});

it('an edit of a policy in the cluster is planned over its children there', async () => {
  const { companyAdmin } = acronis.cast;
  await kubectlOk(inject('controlPlane'), ['create', '-f', '-'], { stdin: JSON.stringify(policy()) });
  const applied = await plan(inCluster());
  expect(applied.stdout).toMatch(new RegExp(`${namespace}/admins +would change`));
  expect(applied.exitCode).toBe(2);
  const narrowed = policy({ users: { exclude: [companyAdmin] }, suspend: true });
  const { stdout } = await plan([...inCluster(), '-f', '-', '-o', 'json'], JSON.stringify(narrowed));
  expect(JSON.parse(stdout)).toMatchObject({
    policies: [{ name: 'admins', action: 'none', reason: 'Suspended' }],
    objects: [],
  });
  await kubectlOk(inject('controlPlane'), ['-n', namespace, 'delete', 'tup', 'admins']);
});

it('a closed pipe ends it quietly, and never as a success', async () => {
  const file = join(folder, 'many.json');
  const items = Array.from({ length: 3_000 }, (_, at) => manifest(`u-${at}`, { userID: 'x' }));
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const script = `"$0" "$1" plan -o json -f "$2" | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await execa('bash', ['-c', script, process.execPath, bundle, file], { env: env() });
  expect(stdout).toBe('141');
  expect(stderr).toBe('');
});

it.each([
  ['no file', ['-f', '/nowhere.yaml'], '/nowhere.yaml cannot be read: there is no such file'],
  ['nothing to plan', [], 'Say what is to be planned'],
  ['no cluster', ['--cluster', '--kubeconfig=/nowhere'], '/nowhere'],
  ['a format that there is not', ['-f', '-', '-o', 'xml'], 'Allowed choices are table, json, yaml, markdown'],
])('%s is a sentence on standard error, and nothing on standard output', async (_, args, sentence) => {
  const { stdout, stderr, exitCode } = await plan(args);
  expect(stdout).toBe('');
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(exitCode).toBeGreaterThan(0);
});

it('a directory of garbage names the file and repeats nothing of it', async () => {
  const dir = join(folder, 'garbage');
  await mkdir(dir);
  await writeFile(join(dir, 'a.yaml'), randomBytes(2_000));
  const { stderr, exitCode } = await plan(['-f', dir]);
  expect(stderr).toMatch(/garbage\/a\.yaml is neither YAML nor JSON/);
  expect(exitCode).toBe(1);
});

it('a policy that breaks a rule of its CRD is refused with the sentence of the CRD', async () => {
  const broken = { ...policy(), spec: { tenantID: 'x' } };
  const { stdout, exitCode } = await plan(['-f', '-'], JSON.stringify(broken));
  expect(stdout).toContain('tenantID is a UUID');
  expect(exitCode).toBe(1);
});

it('10 MB of YAML with other kinds between are planned within seconds', async () => {
  const filler = 'x'.repeat(2_000);
  const text = Array.from({ length: 5_000 }, (_, at) =>
    at === 2_500
      ? JSON.stringify(manifest('john', { userID: acronis.cast.johnDoe }))
      : `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${at}}\ndata:\n  text: ${filler}\n`,
  ).join('\n---\n');
  const { stdout, exitCode } = await plan(['-f', '-', '-o', 'markdown'], text);
  expect(stdout).toContain('would assign');
  expect(exitCode).toBe(2);
}, 60_000);

it('no rights and no network are said in a sentence', async () => {
  const one = JSON.stringify(manifest('john', { userID: acronis.cast.johnDoe }));
  const unreachable = await plan(['-f', '-'], one, { ACRONIS_URL: 'http://127.0.0.1:9' });
  expect(unreachable.stdout).toMatch(/error +Unavailable/);
  expect(unreachable.exitCode).toBe(1);
  const rejected = await plan(['-f', '-'], one, { ACRONIS_CLIENT_SECRET: 'wrong-secret' });
  expect(rejected.stdout).toMatch(/error +CredentialsRejected/);
  expect(rejected.stdout + rejected.stderr).not.toContain('wrong-secret');
});

it('what plan accepts the API server accepts', async () => {
  // Mostly right and a little wrong: nearly all that is wholly random is refused by both.
  const mostly = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: bad });
  const odd = fc.oneof(fc.string(), fc.constantFrom('', 'x', 7, null, true, {}, []));
  const id = fc.constantFrom(acronis.cast.johnDoe, acronis.cast.johnDoe.toUpperCase());
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const choice = (...words: string[]) => some(mostly(fc.constantFrom(...words), odd));
  const rest = {
    businessTypes: some(
      mostly(fc.constant(['buyer']), fc.array(fc.constantFrom('buyer', 'seller', 1), { maxLength: 3 })),
    ),
    managementPolicy: choice('Enforce', 'Observe'),
    deletionPolicy: choice('Retain', 'Revoke'),
    suspend: some(mostly(fc.boolean(), odd)),
    accountRef: some(mostly(fc.record({ name: fc.oneof(fc.constant('eu2'), fc.string()) }), odd)),
  };
  const text = fc.oneof(
    fc.constantFrom('john', 'ab', ' a b', '😀😀😀'),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
  );
  const spec = fc.oneof(
    fc.record({ userID: mostly(id, odd), tenantID: some(mostly(id, odd)), ...rest }),
    fc.record({ login: mostly(text, odd), tenantID: mostly(id, odd), ...rest }),
    fc.record({ externalID: mostly(text, odd), tenantID: mostly(id, odd), ...rest }),
    fc.record({ userID: id, login: text, other: odd }),
  );
  const names = mostly(fc.constantFrom('john', 'a.b-c'), fc.string({ minLength: 1, maxLength: 20 }));
  const accepted = fc
    .sample(fc.tuple(names, spec), { numRuns: 2_000, seed: 16 })
    .map(([name, each]) => JSON.parse(JSON.stringify(manifest(String(name), Object(each)))))
    .filter((raw) => problemIn(documentOf(raw)) === undefined)
    .slice(0, 200)
    .map((raw, at) => ({ ...raw, metadata: { ...raw.metadata, name: `${raw.metadata.name}-${at}` } }));
  expect(accepted.length).toBe(200);
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: accepted });
  const { exitCode, stderr } = await kubectl(
    inject('controlPlane'),
    ['create', '--validate=strict', '--dry-run=server', '-f', '-'],
    { stdin: list },
  );
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});

const documentOf = (raw: Record<string, unknown>): Document => ({
  where: 'here',
  apiVersion: String(raw['apiVersion']),
  kind: String(raw['kind']),
  raw,
});

it('on a terminal it fits the width and is coloured; NO_COLOR takes the colours away', async () => {
  const file = join(folder, 'john.json');
  await writeFile(file, JSON.stringify(manifest('john', { userID: acronis.cast.johnDoe })));
  const onTerminal = async (more: Record<string, string>) => {
    const command = `stty cols 70 < /dev/tty; '${process.execPath}' '${bundle}' plan -f '${file}'`;
    // An environment of its own: that of CI (CI, NO_COLOR, a TERM that is dumb) says that nothing is to be coloured.
    const child = execa('script', ['-qec', command, '/dev/null'], {
      extendEnv: false,
      env: { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm-256color', ...env(), ...more },
      reject: false,
      stdin: 'ignore',
    });
    onTestFinished(() => void child.kill());
    return (await child).stdout;
  };
  const coloured = await onTerminal({});
  expect(coloured).toContain('\u001b[32mwould assign');
  const plain = await onTerminal({ NO_COLOR: '1' });
  expect(plain).toContain('would assign');
  expect(plain).not.toContain('\u001b[3');
  // What is left on the screen: the line of the progress was taken back.
  const shown = plain.split(/\r?\n/).map((line) => line.split(takenBack).at(-1) ?? '');
  expect(plain).not.toMatch(/Planning objects[^\r]*OBJECT/);
  expect(Math.max(...shown.map((line) => line.length))).toBeLessThanOrEqual(70);
});

/** With this a progress takes back its line. */
const takenBack = '\r\u001b[2K';

it.each([
  ['plan', 'Planning objects', ['-f', '-']],
  ['import', 'Reading users', ['--no-cluster', '--tenant=ede9f834-70b3-476c-83d9-736f9f8c7dae']],
])(
  'Ctrl-C ends %s immediately, with 130, and leaves neither output nor the line of its progress',
  async (name, progress, args) => {
    const file = join(folder, 'forever.json');
    await writeFile(file, JSON.stringify(manifest('john', { userID: acronis.cast.johnDoe })));
    acronis.faults.add({ kind: 'hang' });
    onTestFinished(() => acronis.faults.clear());
    const command = [process.execPath, bundle, name, ...args].map((each) => `'${each}'`).join(' ');
    const child = execa('script', ['-qec', `${command} < '${file}'`, '/dev/null'], {
      env: { ...env(), TERM: 'xterm', COLUMNS: '100' },
      reject: false,
      stdin: 'pipe',
      buffer: false,
    });
    let shown = '';
    child.stdout?.on('data', (data) => {
      shown += String(data);
    });
    await until(
      'its progress',
      () => shown,
      (seen) => seen.includes(progress),
      { withinMs: 30_000 },
    );
    child.stdin?.write('\u0003');
    expect((await child).exitCode).toBe(130);
    expect(shown.split(takenBack).at(-1)?.replace('^C', '').trim()).toBe('');
  },
);
