/**
 * One table for both: what the chart takes starts the binary, with that value; what the binary takes can be given by the chart. Asked of the parsers in this process for
 * many values, and of the built binary for some.
 */
import { Command, CommanderError } from 'commander';
import { execa } from 'execa';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { addSettings, type Config } from '../../src/config/config.ts';
import { type Setting, variableOf } from '../../src/config/settings/setting.ts';
import { settings } from '../../src/config/table.ts';
import { rendered, root, template, type Values } from './chart.ts';

const deployment = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.tuple([z.object({ args: z.array(z.string()) })]) }) }),
  }),
});
const argsOf = async (values: Values): Promise<string[]> =>
  (await rendered(values)).only('Deployment', deployment).spec.template.spec.containers[0].args;

/** What the binary makes of these arguments; undefined where it refuses. */
function started(args: readonly string[]): Config | undefined {
  let config: Config | undefined;
  const command = addSettings(new Command('run'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .action((options: Config) => {
      config = options;
    });
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return config;
}

const inChart = settings.flatMap((setting) => {
  const value = setting.chart?.value ?? '';
  return value === '' || /port$|Grace/.test(value) ? [] : [{ ...setting, value }];
});
type InChart = (typeof inChart)[number];

/** `reconcile.driftInterval` and a value as values.yaml has it. */
function valuesWith(path: string, value: unknown): Values {
  const [last, ...above] = path.split('.').toReversed();
  return above.reduce<Values>((below, key) => ({ [key]: below }), { [last ?? '']: value });
}

/** What the flag says as one writes it into values.yaml; undefined where that is not of the value's type. */
function asValue({ kind }: Setting, text: string): unknown {
  switch (kind.shape) {
    case 'list':
      return [...new Set(text.split(',').map((entry) => entry.trim()))].filter((entry) => entry !== '');
    case 'integer':
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    case 'text':
    case 'choice':
      return text;
  }
}

const digits = fc.integer({ min: 0, max: 1_000 }).map(String);
const decimal = fc.double({ min: 0, max: 2_000, noNaN: true }).map((each) => String(Number(each.toPrecision(5))));
const duration = fc
  .array(fc.tuple(fc.oneof(digits, decimal), fc.constantFrom('ms', 's', 'm', 'h', 'd', '')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.map((part) => part.join('')).join(''));
const bounds = fc.constantFrom(
  ...[
    '0',
    '0s',
    '0.999999s',
    '1s',
    '1000ms',
    '999ms',
    '168h',
    '168h1ms',
    '168.000001h',
    '167h59m60s',
    '720h',
    '1.5h',
    '8760h',
    '8761h',
  ],
);
const lookAlike = fc.constantFrom(
  ...[
    '123',
    '1e5',
    'yes',
    'no',
    'null',
    'true',
    'false',
    '~',
    '0x10',
    '1_000',
    'a=b #c',
    'a: b',
    '- a',
    '"',
    "'",
    '$(A)',
    '{{ a }}',
    '.5',
    '1e-4',
    '0.1',
    '1e2',
    '1000',
    '1001',
    '256',
    '512',
    '513',
  ],
);
const word = fc.stringMatching(/^[-a-zA-Z0-9_.*:/@]{1,20}$/);
const host = fc
  .tuple(fc.constantFrom('', '*.'), fc.array(fc.stringMatching(/^[a-zA-Z0-9-]{1,6}$/), { minLength: 1, maxLength: 3 }))
  .map(([wild, parts]) => wild + parts.join('.'));
const selector = fc
  .array(
    fc.tuple(word, fc.constantFrom('=', '==', '!=', ' in ', '<', ''), fc.oneof(word, fc.constant('(a, b)'), digits)),
    { minLength: 1, maxLength: 2 },
  )
  .map((parts) => parts.map((part) => part.join('')).join(', '));

/** Texts of which some are right for the setting and some are not. */
function textsFor({ kind, flag }: InChart): fc.Arbitrary<string> {
  if (kind.form.measure === 'duration') return fc.oneof(duration, bounds, lookAlike);
  if (kind.shape === 'integer' || kind.shape === 'number') return fc.oneof(digits, decimal, lookAlike);
  if (kind.shape === 'choice') return fc.oneof(fc.constantFrom(...(kind.choices ?? [])), lookAlike);
  if (kind.shape === 'boolean') return fc.constantFrom('true', 'false', 'yes', '0', '');
  if (flag === '--acronis-hosts') return fc.oneof(host, word, lookAlike);
  return fc.oneof(
    flag === '--watch-selector' ? selector : word,
    lookAlike,
    fc.stringMatching(/^[a-z]([-a-z.]{0,5}[a-z])?$/),
  );
}

const text = fc.constantFrom(...inChart).chain((setting) => fc.tuple(fc.constant(setting), textsFor(setting)));
const settingIn = (config: Config | undefined, flag: string): unknown => {
  const field = flag.slice(2).replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
  return config === undefined ? undefined : new Map<string, unknown>(Object.entries(config)).get(field);
};

it('every value that the binary takes can be given by the chart, and the binary has it then', async () => {
  const good = fc.tuple(
    ...inChart.map((setting) =>
      textsFor(setting).filter((each) => each !== '' && started([`${setting.flag}=${each}`]) !== undefined),
    ),
  );
  let fromChart: readonly string[] = [];
  await fc.assert(
    fc.asyncProperty(good, async (texts) => {
      const written = inChart.map((setting, at) => [setting, texts[at] ?? ''] as const);
      const values = written.reduce<Values>(
        (all, [setting, each]) => merged(all, valuesWith(setting.value, asValue(setting, each))),
        {},
      );
      fromChart = await argsOf({ ...values, replicas: 1 });
      const config = started(fromChart.slice(1));
      const direct = started(written.map(([{ flag }, each]) => `${flag}=${each}`));
      // Without a lease, it has no name.
      for (const [{ flag }] of written)
        if (flag !== '--leader-election-id' || direct?.leaderElect === true)
          expect(settingIn(config, flag), `${flag} of ${fromChart.join(' ')}`).toEqual(settingIn(direct, flag));
    }),
    { numRuns: 15 },
  );
  // And the built binary itself: --help comes after the arguments were judged.
  const { exitCode, all } = await execa(process.execPath, [`${root}dist/main.js`, ...fromChart, '--help'], {
    all: true,
    reject: false,
  });
  expect(exitCode, all).toBe(0);
}, 240_000);

it('every value that the binary refuses, the chart refuses, in a sentence that names it', async () => {
  const bad = text.filter(
    // As the chart is given it: a number written as 1e2 is 100 in YAML.
    ([setting, each]) =>
      each !== '' &&
      setting.kind.shape !== 'list' &&
      started([`${setting.flag}=${String(asValue(setting, each))}`]) === undefined,
  );
  let refused: readonly string[] = [];
  await fc.assert(
    fc.asyncProperty(bad, async ([setting, each]) => {
      const { exitCode, stderr } = await template(valuesWith(setting.value, asValue(setting, each)), { isAlone: true });
      expect(exitCode, `${setting.value}: ${each}`).not.toBe(0);
      expect(stderr).toContain(setting.value.split('.').at(-1));
      expect(stderr).not.toMatch(/nil pointer|error calling (?!fail|include)/);
      refused = [`${setting.flag}=${String(asValue(setting, each))}`];
    }),
    { numRuns: 40 },
  );
  const { exitCode } = await execa(process.execPath, [`${root}dist/main.js`, 'run', ...refused, '--help'], {
    reject: false,
  });
  expect(exitCode).toBe(2);
}, 240_000);

it('an entry of a list that the binary refuses, the chart refuses', async () => {
  const lists = inChart.filter(({ kind }) => kind.shape === 'list');
  const bad = fc
    .constantFrom(...lists)
    .chain((setting) => fc.tuple(fc.constant(setting), fc.oneof(host, word, lookAlike)))
    .filter(([{ flag }, each]) => !each.includes(',') && started([`${flag}=good,${each}`]) === undefined);
  await fc.assert(
    fc.asyncProperty(bad, async ([setting, each]) => {
      const { exitCode } = await template(valuesWith(setting.value, ['good', each]), { isAlone: true });
      expect(exitCode, `${setting.value}: ${each}`).not.toBe(0);
    }),
    { numRuns: 15 },
  );
}, 240_000);

it.each(
  inChart.filter(({ chart }) => chart?.dependent === undefined).map((setting) => [setting.flag, setting] as const),
)('%s in extraArgs and its variable in extraEnv are judged as the binary judges them', async (flag, setting) => {
  const samples = fc.sample(
    textsFor(setting).filter((each) => each !== '' && !each.includes('$(')),
    { numRuns: 3, seed: 12 },
  );
  for (const each of samples) {
    const isGood = started([`${flag}=${each}`]) !== undefined;
    const byFlag = await template({ extraArgs: [`${flag}=${each}`] }, { isAlone: true });
    expect(byFlag.exitCode === 0, `${flag}=${each}: ${byFlag.stderr}`).toBe(isGood);
    const byVariable = await template({ extraEnv: [{ name: variableOf(flag), value: each }] }, { isAlone: true });
    expect(byVariable.exitCode === 0, `${variableOf(flag)}=${each}: ${byVariable.stderr}`).toBe(isGood);
  }
});

it.each([
  '--max-old-space-size-percentage=65',
  '--max-old-space-size=200 --max-semi-space-size=4',
  '--enable-source-maps --trace-warnings',
  '--use-system-ca --tls-min-v1.3',
  '--dns-result-order=ipv4first --network-family-autoselection-attempt-timeout=500',
  '--report-on-fatalerror --report-directory=/tmp --heapsnapshot-near-heap-limit=2',
  '--unhandled-rejections=strict --stack-trace-limit=20 --v8-pool-size=2 --max-http-header-size=16384',
  '--expose-gc --no-deprecation --disable-warning=DEP0040 --disable-sigusr1',
])('nodeOptions %s are taken by the chart, and node starts with them', async (nodeOptions) => {
  expect((await template({ nodeOptions }, { isAlone: true })).exitCode).toBe(0);
  const { exitCode, stderr } = await execa(process.execPath, ['--version'], {
    env: { NODE_OPTIONS: nodeOptions },
    reject: false,
  });
  expect(exitCode, stderr).toBe(0);
});

it.each(['--nope', '--max-old-space-size-percentage=0', '--max-old-space-size=x', '--eval=1', 'x', '-p', '--check'])(
  'nodeOptions %s are refused',
  async (nodeOptions) => {
    const { exitCode, stderr } = await template({ nodeOptions }, { isAlone: true });
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`nodeOptions is refused: "${nodeOptions}" is no option of node`);
  },
);

/** Both, maps within each other. */
function merged(one: Values, other: Values): Values {
  const entries = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    return [key, isRecord(before) && isRecord(value) ? merged(before, value) : value] as const;
  });
  return { ...one, ...Object.fromEntries(entries) };
}
const isRecord = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
