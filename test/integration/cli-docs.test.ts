/**
 * Each shell block of the guides of the command line, run as it stands there: the built file as the plugin that the real kubectl finds, a real API server, a real
 * sandbox. A block below `<!-- not run: why -->` is not run; one with `--watch` is ended by Ctrl-C once it has drawn.
 */
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { bundle } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

const guides = ['cli.md', 'import-check-status.md'] as const;
const read = (guide: string) => readFile(join(import.meta.dirname, '../../docs/guide', guide), 'utf8');
const fence = /(?:^<!-- not run: (?<why>.+?) -->\n)?^```(?<language>sh|yaml)\n(?<text>[\s\S]+?)^```$/gm;

interface Block {
  readonly guide: string;
  readonly text: string;
  readonly why: string | undefined;
}
const texts = await Promise.all(guides.map(async (guide) => ({ guide, text: await read(guide) })));
const blocksOf = (language: string): Block[] =>
  texts.flatMap(({ guide, text }) =>
    [...text.matchAll(fence)]
      .filter(({ groups }) => groups?.['language'] === language)
      .map(({ groups }) => ({ guide, text: (groups?.['text'] ?? '').trim(), why: groups?.['why'] })),
  );

/** As the guides have it: the namespace of import, and the tenant, which each sandbox has. */
const customers = 'customers';
let world: World;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  world = await World.start({ sandbox: { seed: 16_040, users: 40 } });
  folder = await mkdtemp(join(tmpdir(), 'upsell-guide-'));
  const program = `exec '${process.execPath}' '${bundle}'`;
  const commands = {
    'kubectl-upsell': `${program} "$@"`,
    // `npx --yes acronis-upsell-operator …`: what is published is this file.
    npx: `while [ "$1" != acronis-upsell-operator ]; do shift; done; shift; ${program} "$@"`,
    gh: `echo "gh $*"; cat "\${@: -1}"`,
  };
  await mkdir(join(folder, 'bin'));
  for (const [name, text] of Object.entries(commands)) {
    await writeFile(join(folder, 'bin', name), `#!/bin/bash\n${text}\n`);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  const object = {
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUserUpsell',
    metadata: { name: 'john', namespace: world.namespace },
    spec: { userID: world.acronis.cast.johnDoe },
  };
  await mkdir(join(folder, 'upsell'));
  for (const name of ['upsell.yaml', 'upsell/john.yaml']) await writeFile(join(folder, name), JSON.stringify(object));
  const { kubectl, kubeconfig } = inject('controlPlane');
  env = {
    PATH: [join(folder, 'bin'), dirname(kubectl), process.env['PATH']].join(delimiter),
    HOME: folder,
    TERM: 'xterm',
    KUBECONFIG: kubeconfig,
    ACRONIS_URL: world.acronis.url,
    ACRONIS_CLIENT_ID: world.acronis.clientId,
    ACRONIS_CLIENT_SECRET: world.acronis.clientSecret,
    ALLOW_INSECURE_ACRONIS: 'true',
  };
  await kubectlOk(inject('controlPlane'), ['create', 'namespace', customers]);
});
afterAll(async () => {
  await kubectlOk(inject('controlPlane'), ['-n', customers, 'delete', 'tuu', '--all']);
  await kubectlOk(inject('controlPlane'), ['delete', 'namespace', customers, '--wait=false']);
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const bash = (text: string) =>
  execa('bash', ['-c', text], { env, extendEnv: false, cwd: folder, reject: false, timeout: 60_000 });

/** What the last command of a block may end with: changes for `plan`, and a line that fails for `check`. */
const exitCodeOf = (text: string): number | undefined =>
  text.includes('--help') ? 0 : text.includes(' plan ') ? 2 : text.includes(' check') ? undefined : 0;

const runnable = blocksOf('sh').filter(({ why }) => why === undefined);

describe('each shell block of the guides', () => {
  it.each(runnable.filter(({ text }) => !text.includes('--watch')))('$guide: $text', async ({ text }) => {
    const { stdout, stderr, exitCode } = await bash(text);
    expect(stderr).not.toMatch(/error/i);
    const expected = exitCodeOf(text);
    if (expected === undefined) expect([0, 1]).toContain(exitCode);
    else expect(exitCode).toBe(expected);
    if (!text.startsWith('source')) expect(stdout).not.toBe('');
  });

  it.each(runnable.filter(({ text }) => text.includes('--watch')))('$guide: $text', async ({ text }) => {
    // A terminal of its own.
    const child = spawn('script', ['-qec', text, '/dev/null'], { env: { ...env, SHELL: '/bin/bash' }, cwd: folder });
    let shown = '';
    child.stdout.on('data', (data) => {
      shown += String(data);
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await until(
      'the screen',
      () => shown,
      (seen) => seen.includes('objects'),
      { withinMs: 30_000 },
    );
    child.stdin.write('\u0003');
    expect(await ended).toBe(130);
  });

  it('but for few, which say why', () => {
    const notRun = blocksOf('sh').filter(({ why }) => why !== undefined);
    expect(notRun.length).toBeLessThanOrEqual(2);
    expect(runnable.length).toBeGreaterThan(6);
  });
});

it('import, then apply, has made what the guide says: an object for each company administrator', async () => {
  const names = await kubectlOk(inject('controlPlane'), ['-n', customers, 'get', 'tuu', '-o', 'name']);
  expect(names.trim().split('\n').length).toBeGreaterThan(0);
  expect(names).toMatch(/u-[0-9a-f-]{36}/);
});

const workflow = z.object({
  jobs: z.object({
    plan: z.object({ steps: z.array(z.looseObject({ name: z.string().optional(), run: z.string().optional() })) }),
  }),
});

it('the steps of the GitHub Actions example make the plan of a pull request and its comment', async () => {
  const [example] = blocksOf('yaml').filter(({ text }) => text.includes('pull_request'));
  const { steps } = workflow.parse(parse(example?.text ?? '')).jobs.plan;
  const script = (name: string) =>
    (steps.find((step) => step.name === name)?.run ?? '').replaceAll(/\$\{\{ github\.event\.number \}\}/g, '7');
  // As GitHub runs a step without `shell`.
  const planned = await execa('bash', ['-e', '-c', script('Plan')], {
    env,
    extendEnv: false,
    cwd: folder,
    reject: false,
  });
  expect(planned.exitCode).toBe(0);
  const commented = await bash(script('Comment'));
  expect(commented.stdout).toMatch(/^gh pr comment 7 .*--body-file plan\.md/);
  expect(commented.stdout).toContain('### Upsell plan');
  expect(commented.stdout).toContain('would assign');
});
