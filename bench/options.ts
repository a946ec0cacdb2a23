/** `npm run bench -- …`: which scenarios, how large, against whom, and where the results go. */
import { Command, InvalidArgumentError } from 'commander';

export const scenarios = [
  'burst',
  'small-burst',
  'edit',
  'delete',
  'revoke',
  'restart',
  'steady',
  'drift',
  'churn',
  'neighbours',
  'policy',
  'memory',
] as const;
export type ScenarioName = (typeof scenarios)[number];

export const peers = ['go', 'bare'] as const;
export type Peer = (typeof peers)[number];

export interface BenchOptions {
  readonly scenario: readonly ScenarioName[];
  readonly objects: number;
  readonly fleet: number;
  readonly tenants: number | undefined;
  readonly repeat: number;
  readonly vs: readonly Peer[];
  readonly goWorkers: number;
  readonly steadySeconds: number;
  readonly churnSeconds: number;
  readonly churnRate: number;
  readonly policyUsers: number;
  readonly policyTenants: number;
  readonly memorySizes: readonly number[];
  readonly quick: boolean;
  readonly json: string;
  readonly svg: string;
  readonly docs: boolean;
  readonly with: readonly string[];
  readonly profile: string | undefined;
  readonly bundle: string | undefined;
  readonly nodeFlags: readonly string[];
  readonly flags: readonly string[];
}

/** What `--quick` sets where no other flag does: it shows that everything works, and no figure means anything. */
const quick = {
  scenario: ['burst', 'edit', 'delete', 'restart'],
  objects: 100,
  fleet: 100,
  steadySeconds: 3,
  churnSeconds: 3,
  policyUsers: 300,
  policyTenants: 6,
  memorySizes: [50, 100],
} as const satisfies Partial<BenchOptions>;

export function parseOptions(argv: readonly string[]): BenchOptions {
  const command = new Command('bench')
    .description('What the operator costs, measured from outside on a real API server and the Acronis sandbox.')
    .option('--scenario <names>', `of ${scenarios.join(', ')}; none = only show what --with names`, scenarioList, [
      ...scenarios,
    ])
    .option(
      '--objects <n>',
      'objects of burst, edit, delete and revoke; in neighbours twice as many wait',
      whole,
      5_000,
    )
    .option('--fleet <n>', 'objects of restart, steady, drift and churn', whole, 50_000)
    .option(
      '--tenants <n>',
      'customers over whom all users are spread, since branding is read for groups of them (default: 500 with the scenario steady, 4 without)',
      whole,
    )
    .option('--repeat <n>', 'runs of each, in turn with the other contenders', whole, 3)
    .option(
      '--vs <peers>',
      'go = the controller-runtime peer of bench/peers, built with Go; bare = a loop that makes the same requests and does nothing else, in burst and small-burst only',
      peerList,
      [],
    )
    .option('--go-workers <n>', 'objects the peer reconciles concurrently', whole, 10)
    .option('--steady-seconds <n>', 'how long the steady state is watched', whole, 60)
    .option('--churn-seconds <n>', 'how long people create and edit, in neighbours too', whole, 60)
    .option(
      '--churn-rate <n>',
      'objects created, and as many edited, per second; in neighbours created only',
      whole,
      10,
    )
    .option('--policy-users <n>', 'users below the partner of the scenario policy, all of whom match', whole, 30_000)
    .option('--policy-tenants <n>', 'customers that they are in', whole, 300)
    .option('--memory-sizes <list>', 'fleets of the scenario memory', sizes, [1_000, 10_000, 50_000, 100_000])
    .option('--quick', 'a hundred objects, to see that all of it works', false)
    .option('--json <file>', 'every sample is written here', 'bench-results.json')
    .option('--svg <file>', 'a plot is written here', 'bench-results.svg')
    .option('--docs', 'rewrite the results in docs/performance.md and docs/performance.svg', false)
    .option(
      '--with <files>',
      'earlier --json files: their phases are shown where this run has none of its own',
      list,
      [],
    )
    .option(
      '--profile <dir>',
      'write CPU profiles of ours here and say where the time of the first burst went; run that way, ours is slower',
    )
    .option('--bundle <file>', 'another build of ours than dist/main.js')
    .option(
      '--node-flags <flags>',
      "options of node for ours after the image's, separated by spaces, such as '--max-semi-space-size=8'",
      spaced,
      [],
    )
    .option('--flags <flags>', "options of the operator for ours, such as '--concurrency=128'", spaced, [])
    .showHelpAfterError()
    .parse(argv);
  const given = command.opts<BenchOptions>();
  if (!given.quick) return given;
  const unsaid = Object.entries(quick).filter(([name]) => command.getOptionValueSource(name) === 'default');
  const repeat = command.getOptionValueSource('repeat') === 'default' ? 1 : given.repeat;
  return { ...given, repeat, ...Object.fromEntries(unsaid) };
}

const list = (text: string): string[] => text.split(',').filter((part) => part !== '');
const spaced = (text: string): string[] => text.split(' ').filter((part) => part !== '');

function scenarioList(text: string): ScenarioName[] {
  return text === 'none' ? [] : namesOf('scenario', scenarios, text);
}

const peerList = (text: string): Peer[] => namesOf('peer', peers, text);

const namesOf = <T extends string>(what: string, all: readonly T[], text: string): T[] =>
  list(text).map(
    (name) => all.find((each) => each === name) ?? wrong(`There is no ${what} ${name}: choose of ${all.join(', ')}.`),
  );

const whole = (text: string): number =>
  /^[1-9]\d{0,6}$/.test(text) ? Number(text) : wrong('It must be a whole number from 1 on.');
const sizes = (text: string): number[] =>
  list(text)
    .map(whole)
    .sort((a, b) => a - b);

const wrong = (advice: string): never => {
  throw new InvalidArgumentError(advice);
};
