/**
 * The settings of `run` as commander reads them from the table: each is a flag and an environment variable of the same name in upper snake case.
 * A wrong one stops the start with one sentence that names it; an empty variable counts as not set.
 */
import { createHash } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OwnCredentials } from '../fleet/credentials/read.ts';
import type { LogFormat, LogLevel } from '../observability/log/levels.ts';
import type { BindAddress } from '../observability/server/bind-address.ts';
import { type Setting, variableOf } from './settings/setting.ts';
import { settings } from './table.ts';

export interface Config {
  readonly acronisCredentialsDir: string | undefined;
  /** Absent: the pod's, else `default`. */
  readonly accountNamespace: string | undefined;
  readonly acronisHosts: readonly string[];
  readonly acronisAllowPrivateHosts: readonly string[];
  readonly allowInsecureAcronis: boolean;
  readonly acronisConcurrency: number;
  /** Requests per second and account; 0 = no limit. */
  readonly acronisRate: number;
  readonly concurrency: number;
  /** Durations are in milliseconds. */
  readonly driftInterval: number;
  readonly resyncInterval: number;
  readonly brandInterval: number;
  /** 0 = never. */
  readonly revokeGiveUpAfter: number;
  readonly requireTenantLabel: boolean;
  readonly dryRun: boolean;
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
  for (const setting of settings) command.addOption(optionOf(setting));
  return command.hook('preAction', complete);
}

/** What the commands that only read need of the settings: how to reach both sides, and what decides which objects the operator serves. */
export const readingFlags = [
  '--acronis-credentials-dir',
  '--account-namespace',
  '--acronis-hosts',
  '--acronis-allow-private-hosts',
  '--allow-insecure-acronis',
  '--acronis-concurrency',
  '--acronis-rate',
  '--kubeconfig',
] as const;

/** The settings of `readingFlags`, as `run` has them. */
export type ReadingConfig = Pick<
  Config,
  | 'acronisCredentialsDir'
  | 'accountNamespace'
  | 'acronisHosts'
  | 'acronisAllowPrivateHosts'
  | 'allowInsecureAcronis'
  | 'acronisConcurrency'
  | 'acronisRate'
  | 'kubeconfig'
>;

/** Adds some of the settings to a command that only reads; their variables count as they do for `run`. */
export function addSomeSettings(command: Command, flags: readonly string[]): Command {
  for (const setting of settings) if (flags.includes(setting.flag)) command.addOption(optionOf(setting));
  return command.hook('preAction', asAbsent);
}

function optionOf({ flag, placeholder, kind, byDefault, help }: Setting): Option {
  const option = new Option(`${flag} ${placeholder}`, help);
  // KUBECONFIG is a list of files: see src/kubernetes/connection/kubeconfig/kubeconfig.ts.
  if (flag !== '--kubeconfig') option.env(variableOf(flag));
  if (kind.shape === 'boolean') option.preset('true');
  if (byDefault !== undefined) {
    const value = byDefault === '' ? [] : kind.read(byDefault);
    if (kind.shape === 'boolean') option.default(value);
    else option.default(value, byDefault);
  }
  // An empty variable, as templates leave behind, is the default; where there is none, `asAbsent` takes it out again.
  return option.argParser((text: string) => (text === '' ? (option.defaultValue ?? '') : kind.read(text)));
}

/** What only the whole of the settings says. */
function complete(command: Command): void {
  asAbsent(command);
  const { leaderElectionId, watchSelector } = command.opts<Partial<Config>>();
  // Not by `--watch-namespaces`: a list that grows in a rolling upgrade would let the old pod and the new one work concurrently.
  command.setOptionValue('leaderElectionId', leaderElectionId ?? leaseNameFor(watchSelector));
}

const defaultLeaseName = 'acronis-upsell-operator';

/**
 * The lease that instances with this selector share: with one for all, the second instance would wait for ever and its objects with it.
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
export const settingsHelp = `Each flag has a variable of the same name in upper snake case. Durations are written as 30s, 10m, 1.5h or 1h30m.

The operator's own API client, from the environment only:
  ACRONIS_URL            the data center's URL, such as https://eu2-cloud.acronis.com
  ACRONIS_CLIENT_ID      the client's id
  ACRONIS_CLIENT_SECRET  its secret`;

/** The operator's own credentials, from the environment or from `--acronis-credentials-dir`. @throws InvalidArgumentError where both are given. */
export function ownCredentials(
  config: Pick<Config, 'acronisCredentialsDir'>,
  env: Readonly<Record<string, string | undefined>>,
): OwnCredentials {
  const { ACRONIS_URL: url, ACRONIS_CLIENT_ID: clientID, ACRONIS_CLIENT_SECRET: clientSecret } = env;
  if (config.acronisCredentialsDir === undefined)
    return { kind: 'environment', values: { url, clientID, clientSecret } };
  if (url || clientID || clientSecret)
    throw new InvalidArgumentError(
      'Credentials are given twice: by --acronis-credentials-dir and by ACRONIS_URL, ACRONIS_CLIENT_ID or ACRONIS_CLIENT_SECRET. Remove one of the two.',
    );
  return { kind: 'directory', path: config.acronisCredentialsDir };
}
