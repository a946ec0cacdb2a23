import { Command, CommanderError } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addSettings, type Config, leaseNameFor, ownCredentials } from '../../../src/config/config.ts';

/** Parses a command line as `main.ts` does, with these variables in the environment; gives what is printed on a refusal too. */
function parse(line: string[], env: Record<string, string> = {}): { config: Config | undefined; refusal: string } {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (variables.has(name)) delete process.env[name];
  Object.assign(process.env, env);
  const restore = () => {
    process.env = before;
  };
  onTestFinished(restore);
  let config: Config | undefined;
  let refusal = '';
  const command = addSettings(new Command('run'))
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        refusal += text;
      },
    })
    .action((options: Config) => {
      config = options;
    });
  try {
    command.parse(line, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  } finally {
    restore();
  }
  return { config, refusal };
}

const listen = (port: number, host?: string) => ({ kind: 'listen', host, port });

/** Design, section 5: flag → field, default, another value as it is written, and what it becomes. */
const settings: [flag: string, field: keyof Config, byDefault: unknown, written: string, becomes: unknown][] = [
  ['--acronis-credentials-dir', 'acronisCredentialsDir', undefined, '/etc/acronis', '/etc/acronis'],
  [
    '--acronis-hosts',
    'acronisHosts',
    ['*.acronis.com', '*.acronis.cloud'],
    'a.example, *.b.example',
    ['a.example', '*.b.example'],
  ],
  [
    '--acronis-allow-private-hosts',
    'acronisAllowPrivateHosts',
    [],
    'a.example, *.b.example',
    ['a.example', '*.b.example'],
  ],
  ['--allow-insecure-acronis', 'allowInsecureAcronis', false, 'true', true],
  ['--acronis-concurrency', 'acronisConcurrency', 8, '3', 3],
  ['--acronis-rate', 'acronisRate', 0, '2.5', 2.5],
  ['--concurrency', 'concurrency', 64, '10', 10],
  ['--drift-interval', 'driftInterval', 15_000, '30s', 30_000],
  ['--account-namespace', 'accountNamespace', undefined, 'acronis-system', 'acronis-system'],
  ['--resync-interval', 'resyncInterval', 3_600_000, '168h', 604_800_000],
  ['--brand-interval', 'brandInterval', 600_000, '30m', 1_800_000],
  ['--revoke-give-up-after', 'revokeGiveUpAfter', 3_600_000, '0', 0],
  ['--require-tenant-label', 'requireTenantLabel', false, 'true', true],
  ['--dry-run', 'dryRun', false, 'true', true],
  ['--watch-namespaces', 'watchNamespaces', [], 'customers, partners,customers', ['customers', 'partners']],
  ['--watch-selector', 'watchSelector', undefined, 'shard=1', 'shard=1'],
  ['--leader-elect', 'leaderElect', true, 'false', false],
  ['--leader-election-id', 'leaderElectionId', 'acronis-upsell-operator', 'shard-1.example', 'shard-1.example'],
  ['--leader-election-namespace', 'leaderElectionNamespace', undefined, 'acronis-system', 'acronis-system'],
  ['--metrics-bind-address', 'metricsBindAddress', listen(8080), '127.0.0.1:9090', listen(9090, '127.0.0.1')],
  ['--health-probe-bind-address', 'healthProbeBindAddress', listen(8081), '0', { kind: 'off' }],
  ['--log-level', 'logLevel', 'info', 'debug', 'debug'],
  ['--log-format', 'logFormat', 'json', 'pretty', 'pretty'],
  ['--shutdown-grace', 'shutdownGrace', 20_000, '1m30s', 90_000],
];
const variableOf = (flag: string) => flag.slice(2).replaceAll('-', '_').toUpperCase();
const variables = new Set([...settings.map(([flag]) => variableOf(flag)), 'KUBECONFIG']);
const at = (config: Config | undefined, field: keyof Config) => config?.[field];

describe.each(settings)('%s', (flag, field, byDefault, written, becomes) => {
  it('has the default of the design', () => {
    expect(at(parse([]).config, field)).toEqual(byDefault);
  });

  it('is set by the flag', () => {
    expect(at(parse([flag, written]).config, field)).toEqual(becomes);
    expect(at(parse([`${flag}=${written}`]).config, field)).toEqual(becomes);
  });

  it('is set by the variable of the same name', () => {
    expect(at(parse([], { [variableOf(flag)]: written }).config, field)).toEqual(becomes);
  });

  it('as an empty variable is the default', () => {
    const { config, refusal } = parse([], { [variableOf(flag)]: '' });
    expect(refusal).toBe('');
    expect(at(config, field)).toEqual(byDefault);
  });
});

it('there is no setting beside these', () => {
  const command = addSettings(new Command());
  const known = command.options.map(({ long }) => long).sort();
  expect(known).toEqual([...settings.map(([flag]) => flag), '--kubeconfig'].sort());
});

it('a flag wins over its variable', () => {
  expect(parse(['--concurrency', '3'], { CONCURRENCY: '5' }).config?.concurrency).toBe(3);
  expect(parse(['--leader-elect'], { LEADER_ELECT: 'false' }).config?.leaderElect).toBe(true);
});

describe('--leader-elect', () => {
  it.each([
    [['--leader-elect'], {}, true],
    [['--leader-elect=false'], {}, false],
    [['--leader-elect', 'false'], {}, false],
    [['--leader-elect', '--concurrency', '3'], {}, true],
    [[], { LEADER_ELECT: 'false' }, false],
    [[], { LEADER_ELECT: 'true' }, true],
    [[], { LEADER_ELECT: '' }, true],
  ])('%j with %j is %s', (line, env, expected) => {
    expect(parse(line, env).config?.leaderElect).toBe(expected);
  });
});

describe('the lease of instances that split a fleet by --watch-selector', () => {
  const lease = (line: string[], env: Record<string, string> = {}) => parse(line, env).config?.leaderElectionId;

  it('is one of its own for each selector, and the same for each replica', () => {
    const [a, b] = [lease(['--watch-selector=shard=a']), lease([], { WATCH_SELECTOR: 'shard=b' })];
    expect(a).toMatch(/^acronis-upsell-operator-[0-9a-f]{10}$/);
    expect(b).toMatch(/^acronis-upsell-operator-[0-9a-f]{10}$/);
    expect(a).not.toBe(b);
    expect(lease(['--watch-selector=shard=a'])).toBe(a);
    expect(lease(['--watch-selector=shard=a', '--watch-namespaces=customers'])).toBe(a);
  });

  it('does not change with how the selector is written down', () => {
    const name = leaseNameFor('shard=a,!draining,tier in (gold,silver)');
    expect(leaseNameFor(' !draining, shard == a ,tier  in ( gold, silver )')).toBe(name);
    expect(leaseNameFor('tier in (gold,silver),shard=a,! draining')).toBe(name);
    const others = ['shard=a', 'shard!=a,!draining,tier in (gold,silver)', 'shard=a,draining,tier in (gold,silver)'];
    expect(new Set([name, ...others.map(leaseNameFor)]).size).toBe(4);
    expect(leaseNameFor('tier in (gold,silver)')).not.toBe(leaseNameFor('tierin(gold,silver)'));
  });

  it('is what --leader-election-id says, where it says anything', () => {
    const selector = '--watch-selector=shard=a';
    expect(lease([selector, '--leader-election-id=mine'])).toBe('mine');
    expect(lease([selector], { LEADER_ELECTION_ID: 'mine' })).toBe('mine');
    expect(lease([selector, '--leader-election-id=acronis-upsell-operator'])).toBe('acronis-upsell-operator');
    expect(lease([selector], { LEADER_ELECTION_ID: '' })).toBe(lease([selector]));
    expect(lease(['--watch-selector='])).toBe('acronis-upsell-operator');
  });
});

describe('--kubeconfig', () => {
  it('is only ever the flag: KUBECONFIG is a list, and gives way to a pod', () => {
    expect(parse(['--kubeconfig', '/tmp/x']).config?.kubeconfig).toBe('/tmp/x');
    expect(parse([], { KUBECONFIG: '/a:/b' }).config?.kubeconfig).toBeUndefined();
    expect(parse(['--kubeconfig=']).config?.kubeconfig).toBeUndefined();
  });
});

const wrong: [flag: string, values: string[], advice: RegExp][] = [
  [
    '--acronis-hosts',
    [
      ...[',', 'https://a.example', 'a.example/x', '*', 'a.*.example', 'me@a.example', 'a.example:8443', 'a..example'],
      ...['*.com', '10.0.0.1', '[::1]', 'a.example.', '-a.example', 'a_b.example', `${'a'.repeat(64)}.example`],
    ],
    /Write host names.+\*\.acronis\.com.+without scheme, port and path/,
  ],
  ['--allow-insecure-acronis', ['yes', '1', 'TRUE'], /Write true or false/],
  ['--acronis-concurrency', ['0', '-1', 'x', '1.5', '1e9', '257', '999999'], /whole number from 1 to 256, such as 8/],
  ['--acronis-rate', ['-1', 'x', '1/s', '0.0001', '1e-3', '1001', '1e9', '0x10', '.5'], /number from 0.1 to 1000/],
  ['--concurrency', ['0', 'all', '513', '999999'], /whole number from 1 to 512/],
  [
    '--drift-interval',
    ['0', '0s', '500ms', '0.999999s', '60', 'x', '1.5', '720h', '168h1ms', '168.000001h', '100000h', '1h 30m'],
    /from 1s to 168h/,
  ],
  ['--resync-interval', ['0', '0s', '1d', '1000h', '720h'], /from 1s to 168h/],
  ['--brand-interval', ['0', '0s', '720h'], /from 1s to 168h/],
  ['--revoke-give-up-after', ['never', '60', '-1h', '1ms', '999ms', '9000h'], /such as 30s, 10m or 1h, or 0 for never/],
  ['--require-tenant-label', ['maybe'], /Write true or false/],
  ['--watch-namespaces', ['Customers', 'a b', 'a/b', 'a,*', 'a.b'], /names of namespaces, separated by commas/],
  [
    '--watch-selector',
    ['=a', 'a=b c', 'a=b,', 'a in b', 'a==b=c', 'a=b #c', '!', 'A/b=c', 'a in (b', `a=${'b'.repeat(64)}`],
    /Write a label selector, such as shard=1/,
  ],
  ['--leader-elect', ['on'], /Write true or false/],
  ['--leader-election-id', ['My Lease', 'Mine', 'a/b', '-a', 'a..b', 'a.-b', 'a'.repeat(64)], /lower-case letters/],
  ['--leader-election-namespace', ['../x', 'A'], /name of a namespace/],
  ['--metrics-bind-address', ['8080', ':99999', ':65536', 'http://x:1'], /such as :8080/],
  ['--health-probe-bind-address', ['x', ':'], /or 0 for none/],
  ['--log-level', ['loud', 'INFO'], /Write one of .+info/],
  ['--log-format', ['xml'], /Write one of json, pretty/],
  ['--shutdown-grace', ['20', '61m', '10000h'], /up to 1h, such as 20s/],
];

describe.each(wrong)('a wrong %s', (flag, values, advice) => {
  it.each(values)('%j is refused in one sentence that names it and says what to write', (value) => {
    const byFlag = parse([`${flag}=${value}`]);
    expect(byFlag.config).toBeUndefined();
    expect(byFlag.refusal).toContain(flag);
    expect(byFlag.refusal).toMatch(advice);
    expect(byFlag.refusal.trim().split('\n')).toHaveLength(1);

    const byVariable = parse([], { [variableOf(flag)]: value });
    expect(byVariable.config).toBeUndefined();
    expect(byVariable.refusal).toContain(variableOf(flag));
    expect(byVariable.refusal).toMatch(advice);
  });
});

it.each([
  ['--drift-interval', 'driftInterval', '1.5h', 5_400_000],
  ['--drift-interval', 'driftInterval', '0.5m0.5m', 60_000],
  ['--drift-interval', 'driftInterval', '167h59m60s', 604_800_000],
  ['--revoke-give-up-after', 'revokeGiveUpAfter', '720h', 2_592_000_000],
  ['--revoke-give-up-after', 'revokeGiveUpAfter', '0s', 0],
  ['--acronis-rate', 'acronisRate', '1e2', 100],
  ['--acronis-rate', 'acronisRate', '2.5E-1', 0.25],
  ['--acronis-hosts', 'acronisHosts', 'Gateway,*.Example.com', ['Gateway', '*.Example.com']],
  ['--watch-selector', 'watchSelector', ' tier in (gold, silver),!draining ', 'tier in (gold, silver),!draining'],
  ['--watch-selector', 'watchSelector', 'example.com/shard!=1,load>5', 'example.com/shard!=1,load>5'],
] as const)('%s (%s) takes %s', (flag, field, written, becomes) => {
  expect(parse([`${flag}=${written}`]).config?.[field]).toEqual(becomes);
});

it('an unknown flag is refused by name, with the one that was meant', () => {
  const { config, refusal } = parse(['--drift-intervall', '1m']);
  expect(config).toBeUndefined();
  expect(refusal).toContain("unknown option '--drift-intervall'");
  expect(refusal).toContain('--drift-interval');
});

describe("the operator's own credentials", () => {
  const given = { ACRONIS_URL: 'https://x.acronis.com', ACRONIS_CLIENT_ID: 'id', ACRONIS_CLIENT_SECRET: 'canary' };
  const config = (line: string[] = []) => {
    const parsed = parse(line).config;
    if (parsed === undefined) throw new Error('the settings are good');
    return parsed;
  };

  it('come from the environment, complete or not', () => {
    const values = { url: 'https://x.acronis.com', clientID: 'id', clientSecret: 'canary' };
    expect(ownCredentials(config(), given)).toEqual({ kind: 'environment', values });
    expect(ownCredentials(config(), {})).toEqual({
      kind: 'environment',
      values: { url: undefined, clientID: undefined, clientSecret: undefined },
    });
  });

  it('or from a directory, also where the variables are there but empty', () => {
    const found = ownCredentials(config(['--acronis-credentials-dir', '/etc/acronis']), { ACRONIS_URL: '' });
    expect(found).toEqual({ kind: 'directory', path: '/etc/acronis' });
  });

  it.each(Object.entries(given))(
    'and not from both (%s): one sentence names the two ways, and no value',
    (name, value) => {
      const both = () => ownCredentials(config(['--acronis-credentials-dir', '/etc/acronis']), { [name]: value });
      expect(both).toThrow(/given twice.+--acronis-credentials-dir.+ACRONIS_URL.+Remove one/);
      expect(both).not.toThrow('canary');
    },
  );
});
