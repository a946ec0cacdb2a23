/**
 * All settings of `run`: each is a flag and an environment variable of the same name in upper snake case, and is parsed and judged here and nowhere else.
 * A wrong one stops the start with one sentence that names it; an empty variable counts as not set.
 */
import { createHash } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from './base/duration.ts';
import type { OwnCredentials } from './fleet/credentials/read.ts';
import { type LogFormat, type LogLevel, logFormats, logLevels } from './observability/log/logger.ts';
import { type BindAddress, parseBindAddress } from './observability/server/bind-address.ts';

export interface Config {
  readonly acronisCredentialsDir: string | undefined;
  readonly acronisHosts: readonly string[];
  readonly allowInsecureAcronis: boolean;
  readonly acronisConcurrency: number;
  /** Requests per second and account; 0 = no limit. */
  readonly acronisRate: number;
  readonly concurrency: number;
  /** Durations are in milliseconds. */
  readonly driftInterval: number;
  readonly resyncInterval: number;
  /** 0 = never. */
  readonly revokeGiveUpAfter: number;
  readonly requireTenantLabel: boolean;
  /** Empty = all. */
  readonly watchNamespaces: readonly string[];
  readonly watchSelector: string | undefined;
  readonly leaderElect: boolean;
  /** Where none was given: `leaseNameFor` the selector. */
  readonly leaderElectionId: string;
  /** Absent: the pod's, else `default`. */
  readonly leaderElectionNamespace: string | undefined;
  readonly metricsBindAddress: BindAddress;
  readonly healthProbeBindAddress: BindAddress;
  readonly kubeconfig: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly shutdownGrace: number;
}

/** Adds the settings to a command, in the order in which `--help` shows them. */
export function addSettings(command: Command): Command {
  const setting = <T>(flags: string, help: string, parse: (text: string) => T, byDefault?: string): void => {
    const option = new Option(flags, help).env(environmentName(flags));
    // An empty variable, as templates leave behind, is the default; where there is none, `asAbsent` takes it out again.
    const parseOr = (text: string): T | string =>
      text === '' && byDefault === undefined ? text : parse(text || (byDefault ?? ''));
    if (byDefault !== undefined) option.default(parse(byDefault), byDefault);
    command.addOption(option.argParser(parseOr));
  };
  const flag = (flags: string, help: string, byDefault: boolean): void => {
    const option = new Option(`${flags} [boolean]`, help).env(environmentName(flags)).preset('true');
    command.addOption(option.default(byDefault).argParser((text) => (text === '' ? byDefault : boolean(text))));
  };

  setting(
    '--acronis-credentials-dir <dir>',
    'read the own API client from the files url, clientID and clientSecret here',
    text,
  );
  setting('--acronis-hosts <list>', 'hosts that credentials may be sent to', hosts, '*.acronis.com,*.acronis.cloud');
  flag('--allow-insecure-acronis', 'allow http and any host, for the sandbox', false);
  setting('--acronis-concurrency <n>', 'requests at once, per account', positive, '8');
  setting('--acronis-rate <n>', 'requests per second, per account; 0 = no limit', amount, '0');
  setting('--concurrency <n>', 'objects reconciled at once', positive, '64');
  setting('--drift-interval <duration>', 'how often the change feed is asked', interval, '1m');
  setting('--resync-interval <duration>', 'how often every object is looked at', interval, '1h');
  setting('--revoke-give-up-after <duration>', 'let a deleted object go after this time; 0 = never', duration, '1h');
  flag('--require-tenant-label', 'refuse namespaces without the label upsell.acronis.com/tenant-id', false);
  setting('--watch-namespaces <list>', 'serve these namespaces only', namespaces, '');
  setting('--watch-selector <selector>', 'serve objects with these labels only', text);
  flag('--leader-elect', 'work only while holding the lease', true);
  // Which name it is by default depends on the selector: see `complete`.
  setting(
    '--leader-election-id <name>',
    `the lease's name (default: ${defaultLeaseName}; with --watch-selector one of its own for each selector)`,
    objectName,
  );
  setting('--leader-election-namespace <name>', "the lease's namespace (default: the pod's, else default)", namespace);
  setting('--metrics-bind-address <address>', 'where /metrics is served; 0 = nowhere', bindAddress, ':8080');
  setting(
    '--health-probe-bind-address <address>',
    'where /livez and /readyz are served; 0 = nowhere',
    bindAddress,
    ':8081',
  );
  // Its variable is KUBECONFIG, which gives way to the pod's own service account: see src/kubernetes.
  command.addOption(
    new Option('--kubeconfig <file>', "the cluster to serve (default: the pod's own, else KUBECONFIG)"),
  );
  setting('--log-level <level>', logLevels.join(', '), oneOf(logLevels), 'info');
  setting('--log-format <format>', logFormats.join(', '), oneOf(logFormats), 'json');
  setting('--shutdown-grace <duration>', 'how long work under way may take to end', grace, '20s');
  return command.hook('preAction', complete);
}

/** What only the whole of the settings says. */
function complete(command: Command): void {
  asAbsent(command);
  const { leaderElectionId, watchSelector } = command.opts<Partial<Config>>();
  // Not by `--watch-namespaces`: a list that grows in a rolling upgrade would let the old pod and the new one work at once.
  command.setOptionValue('leaderElectionId', leaderElectionId ?? leaseNameFor(watchSelector));
}

const defaultLeaseName = 'acronis-upsell-operator';

/**
 * The lease that instances with this selector share: with one for all, whoever came second would wait for ever and its objects with it.
 * Selectors that differ in blanks or in the order of their requirements are the same.
 */
export function leaseNameFor(selector: string | undefined): string {
  if (selector === undefined) return defaultLeaseName;
  // Commas between brackets separate values, all others requirements.
  const requirements = selector.split(/,(?![^(]*\))/).map((each) => each.replace(/\s+/g, ' ').trim());
  const plain = requirements.map((each) => each.replaceAll('==', '=').replace(/ ?([=!(),]) ?/g, '$1'));
  const hash = createHash('sha256').update(plain.toSorted().join()).digest('hex');
  return `${defaultLeaseName}-${hash.slice(0, 10)}`;
}

/** A parser of commander cannot say that there is no value: what it leaves out becomes ''. */
function asAbsent(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValue(name) === '') command.setOptionValue(name, undefined);
  }
}

/** What `--help` says beside the flags. */
export const settingsHelp = `Each flag has a variable of the same name in upper snake case. Durations are written as 30s, 10m or 1h30m.

The operator's own API client, from the environment only:
  ACRONIS_URL            the data center's URL, such as https://eu2-cloud.acronis.com
  ACRONIS_CLIENT_ID      the client's id
  ACRONIS_CLIENT_SECRET  its secret`;

/** The operator's own credentials, from the environment or from `--acronis-credentials-dir`. @throws InvalidArgumentError where both are given. */
export function ownCredentials(config: Config, env: Readonly<Record<string, string | undefined>>): OwnCredentials {
  const { ACRONIS_URL: url, ACRONIS_CLIENT_ID: clientID, ACRONIS_CLIENT_SECRET: clientSecret } = env;
  if (config.acronisCredentialsDir === undefined)
    return { kind: 'environment', values: { url, clientID, clientSecret } };
  if (url || clientID || clientSecret)
    throw new InvalidArgumentError(
      'Credentials are given twice: by --acronis-credentials-dir and by ACRONIS_URL, ACRONIS_CLIENT_ID or ACRONIS_CLIENT_SECRET. Remove one of the two.',
    );
  return { kind: 'directory', path: config.acronisCredentialsDir };
}

const environmentName = (flags: string): string =>
  (flags.split(' ')[0] ?? '').slice(2).replaceAll('-', '_').toUpperCase();

const wrong = (advice: string): never => {
  throw new InvalidArgumentError(advice);
};

const text = (value: string): string => value.trim() || wrong('It is blank: write a value, or leave it out.');

const list = (value: string): readonly string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const hosts = (value: string): readonly string[] => {
  const found = list(value);
  const good = found.every((host) =>
    /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i.test(host),
  );
  return good && found.length > 0
    ? found
    : wrong('Write host names, separated by commas, such as *.acronis.com,cloud.example.com.');
};

const isLabel = (name: string): boolean => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);

const namespaces = (value: string): readonly string[] => [
  ...new Set(
    list(value).map((name) =>
      isLabel(name) ? name : wrong('Write names of namespaces, separated by commas, such as customers,partners.'),
    ),
  ),
];

const namespace = (value: string): string =>
  isLabel(value) ? value : wrong('Write the name of a namespace, such as acronis-system.');

const objectName = (value: string): string =>
  /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value)
    ? value
    : wrong('Write a name of lower-case letters, digits, - and ., such as acronis-upsell-operator.');

const boolean = (value: string): boolean => {
  if (value === 'true') return true;
  return value === 'false' ? false : wrong('Write true or false.');
};

const positive = (value: string): number =>
  /^[1-9]\d{0,5}$/.test(value) ? Number(value) : wrong('Write a whole number from 1 on, such as 8.');

const amount = (value: string): number =>
  /^\d{1,6}(\.\d+)?$/.test(value) ? Number(value) : wrong('Write a number, such as 10, or 0 for no limit.');

const duration = (value: string): number => parseDuration(value) ?? wrong('Write a duration, such as 30s, 10m or 1h.');

/** A week. The timers of Node end at 24 days, and one that is set for longer fires at once. */
const longestTimerMs = 7 * 24 * 3_600_000;

const interval = (value: string): number => {
  const ms = parseDuration(value);
  return ms !== undefined && ms >= 1_000 && ms <= longestTimerMs
    ? ms
    : wrong('Write a duration from 1s to 168h, such as 30s, 10m or 1h.');
};

const grace = (value: string): number => {
  const ms = parseDuration(value);
  return ms !== undefined && ms <= longestTimerMs ? ms : wrong('Write a duration of up to 168h, such as 20s.');
};

const oneOf =
  <T extends string>(allowed: readonly T[]) =>
  (value: string): T =>
    allowed.find((each) => each === value) ?? wrong(`Write one of ${allowed.join(', ')}.`);

const bindAddress = (value: string): BindAddress =>
  parseBindAddress(value) ?? wrong('Write an address such as :8080 or 127.0.0.1:8080, or 0 for none.');
