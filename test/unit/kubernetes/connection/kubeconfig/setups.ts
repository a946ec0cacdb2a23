/**
 * Setups of kubeconfigs, and what goes to the API server with each: a unit test asks the operator's client, an integration test the real kubectl, and both have to do
 * what stands here.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { fixture } from '../../support.ts';
import { RecordingApiServer, type Seen } from '../recording-api-server.ts';

/** A folder of a setup's own, and two servers. */
export interface World {
  readonly folder: string;
  readonly server: string;
  readonly other: string;
}

export interface Setup {
  /** By path within the folder: text as it is, anything else as JSON. Programs begin with `#!`. */
  readonly files: Readonly<Record<string, unknown>>;
  /** Files that may not be read. */
  readonly locked?: readonly string[];
  /** `--kubeconfig`, within the folder. */
  readonly flag?: string;
  /** KUBECONFIG, within the folder. Where there is neither, `config`. */
  readonly listed?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Row {
  readonly name: string;
  readonly setup: (world: World) => Setup;
  /** What the first server sees; `refused` where nothing is sent to any. */
  readonly sent: Partial<Seen> | 'refused';
  /** The request goes to the other server. */
  readonly toOther?: true;
  /** What the plugin found in KUBERNETES_EXEC_INFO. */
  readonly execInfo?: (world: World) => unknown;
  /** What the operator's refusal says. */
  readonly says?: RegExp;
  /** Why kubectl does otherwise on purpose; it is not asked then. */
  readonly unlikeKubectl?: string;
}

const ca = () => fixture('first.cert.pem');
const caData = () => readFileSync(ca()).toString('base64');
export const execInfoFile = 'exec-info.json';
export const secret = 'canary-4711';

interface Parts {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: unknown;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly more?: Readonly<Record<string, readonly unknown[]>>;
}

/** A whole kubeconfig with one context. */
export function config(world: World, { cluster, user = { token: 't' }, context, more = {} }: Parts = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: world.server, 'certificate-authority': ca(), ...cluster } },
      ...(more['clusters'] ?? []),
    ],
    users: [{ name: 'u', user }, ...(more['users'] ?? [])],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }, ...(more['contexts'] ?? [])],
    'current-context': 'x',
  };
}

const one =
  (parts: Parts | ((world: World) => Parts), files: Readonly<Record<string, unknown>> = {}) =>
  (world: World): Setup => ({
    files: { ...files, config: config(world, typeof parts === 'function' ? parts(world) : parts) },
  });

const v1 = 'client.authentication.k8s.io/v1';
const plugin = (status: object = { token: 'from-plugin' }, apiVersion = v1): string =>
  `#!/bin/sh
printf %s "$KUBERNETES_EXEC_INFO" > "$INFO"
echo '${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}'
`;
const exec = (world: World, more: object = {}) => ({
  command: './bin/plugin',
  apiVersion: v1,
  interactiveMode: 'Never',
  env: [{ name: 'INFO', value: join(world.folder, execInfoFile) }],
  ...more,
});
const withPlugin = (more: object = {}, user: object = {}, cluster: Parts['cluster'] = {}) =>
  one((world) => ({ user: { exec: exec(world, more), ...user }, cluster }), { 'bin/plugin': plugin() });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
const certificate = { 'client-certificate': fixture('second.cert.pem'), 'client-key': fixture('second.key.pem') };
const shownCertificate = { certificate: 'second test authority' };

export const rows: readonly Row[] = [
  { name: 'a token', setup: one({ user: { token: 't' } }), sent: bearer('t') },
  {
    name: 'a token file, and white space around the token',
    setup: one({ user: { tokenFile: 'token' } }, { token: ' from-file\n' }),
    sent: bearer('from-file'),
  },
  {
    name: 'a token beside a token file: the file',
    setup: one({ user: { token: 'stale', tokenFile: 'sub/token' } }, { 'sub/token': 'from-file' }),
    sent: bearer('from-file'),
  },
  {
    name: 'a token beside a token file that is not there: the token',
    setup: one({ user: { token: 't', tokenFile: 'missing' } }),
    sent: bearer('t'),
  },
  {
    name: 'a token beside an empty token file: the token',
    setup: one({ user: { token: 't', tokenFile: 'token' } }, { token: '\n' }),
    sent: bearer('t'),
  },
  {
    name: 'a token file that is not there',
    setup: one({ user: { tokenFile: 'missing' } }),
    sent: 'refused',
    says: /token file .*missing cannot be used: there is no such file/,
  },
  {
    name: 'an empty token file',
    setup: one({ user: { tokenFile: 'token' } }, { token: '' }),
    sent: 'refused',
    says: /token file .*token is empty/,
  },
  {
    name: 'a name and a password',
    setup: one({ user: { username: 'jane', password: 'p:w' } }),
    sent: basic('jane:p:w'),
  },
  {
    name: 'a name and a token',
    setup: one({ user: { username: 'jane', password: secret, token: secret } }),
    sent: 'refused',
    says: /both a token and a username/,
  },
  {
    name: 'a name and a token file',
    setup: one({ user: { username: 'jane', password: secret, tokenFile: 'token' } }, { token: 't' }),
    sent: 'refused',
    says: /both a token and a username/,
  },
  { name: 'a certificate in files', setup: one({ user: certificate }), sent: shownCertificate },
  {
    name: 'a certificate in files beside the kubeconfig',
    setup: one(
      { user: { 'client-certificate': 'a.pem', 'client-key': './b/key.pem' } },
      {
        'a.pem': readFileSync(fixture('second.cert.pem'), 'utf8'),
        'b/key.pem': readFileSync(fixture('second.key.pem'), 'utf8'),
      },
    ),
    sent: shownCertificate,
  },
  {
    name: 'a certificate as data',
    setup: one({
      user: {
        'client-certificate-data': readFileSync(fixture('second.cert.pem')).toString('base64'),
        'client-key-data': readFileSync(fixture('second.key.pem')).toString('base64'),
      },
    }),
    sent: shownCertificate,
  },
  {
    name: 'a certificate as file and as data',
    setup: one({
      user: { ...certificate, 'client-certificate-data': readFileSync(fixture('second.cert.pem')).toString('base64') },
    }),
    sent: 'refused',
    says: /both client-certificate and client-certificate-data/,
  },
  {
    name: 'a certificate without its key',
    setup: one({ user: { 'client-certificate': certificate['client-certificate'] } }),
    sent: 'refused',
    says: /client certificate without its key/,
  },
  {
    name: 'a certificate and a token: both',
    setup: one({ user: { ...certificate, token: 't' } }),
    sent: { ...bearer('t'), ...shownCertificate },
  },
  {
    name: 'a certificate file that is not there',
    setup: one({ user: { 'client-certificate': 'missing.pem', 'client-key': 'key.pem' } }),
    sent: 'refused',
    says: /missing\.pem cannot be used: there is no such file/,
  },
  {
    name: 'data that is not base64',
    setup: one({ user: { 'client-certificate-data': `${secret}!`, 'client-key-data': '' } }),
    sent: 'refused',
    says: /client-certificate-data is not base64/,
  },

  {
    name: 'impersonation of a user',
    setup: one({ user: { token: 't', as: 'jane' } }),
    sent: { ...bearer('t'), impersonate: ['impersonate-user: jane'] },
  },
  {
    name: 'impersonation with groups, uid and extra',
    setup: one({
      user: {
        token: 't',
        as: 'jane',
        'as-uid': '42',
        'as-groups': ['one', 'two, too'],
        'as-user-extra': { reason: ['a', 'b'], 'acme.com/What else%': ['c'] },
      },
    }),
    sent: {
      ...bearer('t'),
      impersonate: [
        'impersonate-extra-acme.com%2fwhat%20else%25: c',
        'impersonate-extra-reason: a',
        'impersonate-extra-reason: b',
        'impersonate-group: one',
        'impersonate-group: two, too',
        'impersonate-uid: 42',
        'impersonate-user: jane',
      ],
    },
  },
  {
    name: 'impersonation of a name beyond ASCII',
    setup: one({ user: { token: 't', as: 'jörg-大' } }),
    sent: { ...bearer('t'), impersonate: ['impersonate-user: jörg-大'] },
  },
  {
    name: 'impersonation of groups without a user',
    setup: one({ user: { token: 't', 'as-groups': ['one'] } }),
    sent: 'refused',
    says: /without a user/,
  },

  {
    name: 'a plugin relative to the kubeconfig',
    setup: withPlugin(),
    sent: bearer('from-plugin'),
    execInfo: () => ({ kind: 'ExecCredential', apiVersion: v1, spec: { interactive: false } }),
  },
  {
    name: 'a plugin in PATH',
    setup: (world) => ({
      ...withPlugin({ command: 'plugin' })(world),
      env: { PATH: [join(world.folder, 'nothing'), join(world.folder, 'bin'), '/usr/bin', '/bin'].join(delimiter) },
    }),
    sent: bearer('from-plugin'),
  },
  {
    name: 'a bare name that is beside the kubeconfig only',
    setup: one(
      (world) => ({ user: { exec: exec(world, { command: 'plugin-4712', installHint: 'Get it\n  from acme.com.' }) } }),
      { 'plugin-4712': plugin() },
    ),
    sent: 'refused',
    says: /exec plugin plugin-4712 is in no folder of PATH \(.*\)\. Install it.* The kubeconfig says: Get it from acme\.com\.$/,
  },
  {
    name: 'a plugin that is not there',
    setup: one((world) => ({ user: { exec: exec(world, { command: './bin/missing' }) } })),
    sent: 'refused',
    says: /exec plugin \/.*\/bin\/missing does not exist\. Install it/,
  },
  {
    name: 'a plugin that may not be executed',
    setup: (world) => one({ user: { exec: exec(world, { command: './bin/data' }) } }, { 'bin/data': 'data' })(world),
    sent: 'refused',
    says: /bin\/data is no file that this process may execute/,
  },
  {
    name: 'a plugin of v1beta1 without an interactiveMode',
    setup: (world) =>
      one(
        {
          user: {
            exec: exec(world, { apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined }),
          },
        },
        { 'bin/plugin': plugin(undefined, 'client.authentication.k8s.io/v1beta1') },
      )(world),
    sent: bearer('from-plugin'),
    execInfo: () => ({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      spec: { interactive: false },
    }),
  },
  {
    name: 'a plugin of v1 without an interactiveMode',
    setup: withPlugin({ interactiveMode: undefined }),
    sent: 'refused',
    says: /exec\.interactiveMode is missing/,
  },
  {
    name: 'a plugin that needs a person',
    setup: withPlugin({ interactiveMode: 'Always' }),
    sent: 'refused',
    says: /exec\.interactiveMode is Always/,
  },
  {
    name: 'a plugin that would like a person',
    setup: withPlugin({ interactiveMode: 'IfAvailable' }),
    sent: bearer('from-plugin'),
  },
  {
    name: 'a plugin without an apiVersion',
    setup: withPlugin({ apiVersion: undefined }),
    sent: 'refused',
    says: /exec\.apiVersion is neither/,
  },
  {
    name: 'a plugin of a version that is gone',
    setup: withPlugin({ apiVersion: 'client.authentication.k8s.io/v1alpha1' }),
    sent: 'refused',
    says: /exec\.apiVersion is neither/,
  },
  {
    name: 'a plugin that answers with another version',
    setup: (world) =>
      one(
        { user: { exec: exec(world) } },
        { 'bin/plugin': plugin(undefined, 'client.authentication.k8s.io/v1beta1') },
      )(world),
    sent: 'refused',
    says: /another version/,
  },
  {
    name: 'a plugin that gives half a certificate',
    setup: (world) => one({ user: { exec: exec(world) } }, { 'bin/plugin': plugin({ clientKeyData: secret }) })(world),
    sent: 'refused',
    says: /only one of certificate and key/,
  },
  {
    name: 'a plugin that gives a certificate',
    setup: (world) =>
      one(
        { user: { exec: exec(world) } },
        {
          'bin/plugin': plugin({
            clientCertificateData: readFileSync(fixture('second.cert.pem'), 'utf8'),
            clientKeyData: readFileSync(fixture('second.key.pem'), 'utf8'),
          }).replaceAll("echo '", "printf '%s' '"),
        },
      )(world),
    sent: shownCertificate,
  },
  { name: 'a plugin beside a token: the token', setup: withPlugin({}, { token: 't' }), sent: bearer('t') },
  {
    name: 'a plugin beside a certificate: the certificate',
    setup: withPlugin({}, certificate),
    sent: shownCertificate,
  },
  {
    name: 'a plugin that is given the cluster',
    setup: withPlugin(
      { provideClusterInfo: true },
      {},
      {
        'tls-server-name': 'localhost',
        'disable-compression': true,
        extensions: [{ name: v1.replace('/v1', '/exec'), extension: { audience: 'a' } }],
      },
    ),
    sent: { ...bearer('from-plugin'), serverName: 'localhost' },
    execInfo: (world) => ({
      kind: 'ExecCredential',
      apiVersion: v1,
      spec: {
        cluster: {
          server: world.server,
          'tls-server-name': 'localhost',
          'certificate-authority-data': caData(),
          'disable-compression': true,
          config: { audience: 'a' },
        },
        interactive: false,
      },
    }),
  },
  {
    name: 'a plugin that is given a cluster without extensions, and whose certificate is not checked',
    setup: withPlugin(
      { provideClusterInfo: true },
      {},
      { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true },
    ),
    sent: bearer('from-plugin'),
    execInfo: (world) => ({
      kind: 'ExecCredential',
      apiVersion: v1,
      spec: { cluster: { server: world.server, 'insecure-skip-tls-verify': true, config: null }, interactive: false },
    }),
  },

  {
    name: 'an authority as data',
    setup: one({ cluster: { 'certificate-authority': undefined, 'certificate-authority-data': caData() } }),
    sent: bearer('t'),
  },
  {
    name: 'an authority beside the kubeconfig',
    setup: one({ cluster: { 'certificate-authority': 'pki/ca.pem' } }, { 'pki/ca.pem': readFileSync(ca(), 'utf8') }),
    sent: bearer('t'),
  },
  {
    name: 'an authority as file and as data',
    setup: one({ cluster: { 'certificate-authority-data': caData() } }),
    sent: 'refused',
    says: /both certificate-authority and certificate-authority-data/,
  },
  {
    name: 'an authority file that is not there',
    setup: one({ cluster: { 'certificate-authority': 'missing.pem' } }),
    sent: 'refused',
    says: /missing\.pem cannot be used: there is no such file/,
  },
  {
    name: 'another authority',
    setup: one({ cluster: { 'certificate-authority': fixture('second.cert.pem') } }),
    sent: 'refused',
    says: /certificate/,
  },
  {
    name: 'no check of the certificate',
    setup: one({ cluster: { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true } }),
    sent: bearer('t'),
  },
  {
    name: 'an authority and no check of the certificate',
    setup: one({ cluster: { 'insecure-skip-tls-verify': true } }),
    sent: 'refused',
    says: /both a certificate-authority and insecure-skip-tls-verify/,
  },
  {
    name: 'a name for TLS',
    setup: one({ cluster: { 'tls-server-name': 'localhost' } }),
    sent: { ...bearer('t'), serverName: 'localhost' },
  },
  {
    name: 'a name for TLS that the certificate has not',
    setup: one({ cluster: { 'tls-server-name': 'acme.com' } }),
    sent: 'refused',
    says: /certificate/,
  },
  {
    name: 'a server with a path',
    setup: one((world) => ({ cluster: { server: `${world.server}/k8s/clusters/c-1/` } })),
    sent: { path: '/k8s/clusters/c-1/api/v1/namespaces/default/pods', ...bearer('t') },
  },
  {
    name: 'a namespace',
    setup: one({ context: { namespace: 'team-a' } }),
    sent: { path: '/api/v1/namespaces/team-a/pods', ...bearer('t') },
  },
  {
    name: 'a proxy of another kind',
    setup: one({ cluster: { 'proxy-url': `ftp://u:${secret}@h:1` } }),
    sent: 'refused',
    says: /proxy-url that is no http or https URL/,
  },

  {
    name: 'JSON with tabs',
    setup: (world) => ({ files: { config: JSON.stringify(config(world), undefined, '\t') } }),
    sent: bearer('t'),
  },
  {
    name: 'YAML with anchors and comments',
    setup: (world) => ({
      files: {
        config: `# made by hand
clusters:
- name: c
  cluster: &c
    server: ${world.server}
    certificate-authority: ${ca()}
- name: d
  cluster:
    <<: *c
contexts: [{name: x, context: {cluster: d, user: u, namespace: "1"}}]
current-context: x
users: [{name: u, user: {token: "123"}}]
`,
      },
    }),
    sent: { path: '/api/v1/namespaces/1/pods', ...bearer('123') },
  },
  {
    name: 'no apiVersion and no kind',
    setup: (world) => ({ files: { config: { ...config(world), apiVersion: undefined, kind: undefined } } }),
    sent: bearer('t'),
  },
  {
    name: 'a file of another kind',
    setup: (world) => ({ files: { config: { ...config(world), kind: 'Secret' } } }),
    sent: 'refused',
    says: /kind is another one than Config/,
  },
  {
    name: 'a token that is a number',
    setup: (world) => ({ files: { config: JSON.stringify(config(world, { user: { token: 4711 } })) } }),
    sent: 'refused',
    says: /user u, token is no text \(put it in quotes\)/,
  },
  {
    name: 'text that is not YAML',
    setup: () => ({ files: { config: `token: ${secret}: [\n` } }),
    sent: 'refused',
    says: /not valid YAML \(line 1\)/,
  },
  {
    name: 'no current context',
    setup: (world) => ({ files: { config: { ...config(world), 'current-context': '' } } }),
    sent: 'refused',
    says: /no current context\. .*\(there: x\)/,
  },
  {
    name: 'a current context that does not exist',
    setup: (world) => ({ files: { config: { ...config(world), 'current-context': 'y' } } }),
    sent: 'refused',
    says: /context y does not exist/,
  },
  {
    name: 'a cluster that does not exist',
    setup: one({ context: { cluster: 'd' } }),
    sent: 'refused',
    says: /names a cluster d that does not exist/,
  },
  {
    name: 'a user that does not exist',
    setup: one({ context: { user: 'v' } }),
    sent: 'refused',
    says: /names a user v that does not exist/,
  },
  {
    name: 'a cluster without a server',
    setup: one({ cluster: { server: '' } }),
    sent: 'refused',
    says: /cluster c names no server/,
  },
  {
    name: 'a cluster that is named twice',
    setup: one({ more: { clusters: [{ name: 'c', cluster: { server: 'https://second' } }] } }),
    sent: 'refused',
    says: /clusters name c twice/,
  },
  {
    name: 'broken entries that are not used',
    setup: one({
      more: {
        clusters: [
          { name: 'empty', cluster: {} },
          { name: 'none' },
          { name: 'no-url', cluster: { server: 'here' } },
          { name: 'no-ca', cluster: { server: 'https://x', 'certificate-authority': '/not/there' } },
        ],
        users: [
          { name: 'none' },
          { name: 'file', user: { tokenFile: '/not/there' } },
          { name: 'exec', user: { exec: { command: '' } } },
        ],
        contexts: [{ name: 'none' }, { name: 'dangling', context: { cluster: 'nowhere', user: 'no-one' } }],
      },
    }),
    sent: bearer('t'),
  },
  {
    name: 'unknown fields',
    setup: one({ user: { token: 't', future: { a: 1 } }, cluster: { future: [1] }, more: { preferences: [] } }),
    sent: bearer('t'),
  },

  {
    name: 'the flag before KUBECONFIG',
    setup: (world) => ({
      files: { a: config(world), b: config({ ...world, server: world.other }) },
      flag: 'b',
      listed: ['a'],
    }),
    sent: bearer('t'),
    toOther: true,
  },
  {
    name: 'a flag that names a file that is not there',
    setup: (world) => ({ files: { a: config(world) }, flag: 'missing', listed: ['a'] }),
    sent: 'refused',
    says: /missing \(--kubeconfig\) cannot be used: there is no such file/,
  },
  {
    name: 'several files: the first to name a thing wins',
    setup: (world) => ({
      files: { a: config(world), b: config({ ...world, server: world.other }, { user: { token: 'second' } }) },
      listed: ['a', 'b'],
    }),
    sent: bearer('t'),
  },
  {
    name: 'several files: each has a part, and paths are relative to each',
    setup: (world) => ({
      files: {
        a: { 'current-context': 'x' },
        'sub/b': {
          ...config(world, { cluster: { 'certificate-authority': 'ca.pem' } }),
          users: [],
          'current-context': 'y',
        },
        'sub/ca.pem': readFileSync(ca(), 'utf8'),
        'deep/sub/c': { users: [{ name: 'u', user: { tokenFile: 'token' } }] },
        'deep/sub/token': 'from-file',
      },
      listed: ['a', 'sub/b', 'deep/sub/c'],
    }),
    sent: bearer('from-file'),
  },
  {
    name: 'several files: missing ones, empty ones and one with a comment only are skipped',
    setup: (world) => ({
      files: { empty: '', comment: '# nothing\n', a: config(world) },
      listed: ['missing', 'empty', 'comment', 'a', 'a'],
    }),
    sent: bearer('t'),
  },
  {
    name: 'several files of which one is broken',
    setup: (world) => ({ files: { a: config(world), b: 'a: [' }, listed: ['a', 'b'] }),
    sent: 'refused',
    says: /b \(KUBECONFIG\) cannot be used: it is not valid YAML/,
  },
  {
    name: 'several files that are all missing',
    setup: () => ({ files: {}, listed: ['a', 'b'] }),
    sent: 'refused',
    says: /every file that KUBECONFIG names is missing or empty/,
  },
  {
    name: 'a file that may not be read',
    setup: (world) => ({ files: { a: config(world), b: '' }, locked: ['a'], listed: ['b', 'a'] }),
    sent: 'refused',
    says: /a \(KUBECONFIG\) cannot be used: this process may not read it/,
  },
  {
    name: 'a directory',
    setup: () => ({ files: { 'a/b': '' }, listed: ['a'] }),
    sent: 'refused',
    says: /it is a directory/,
  },
  {
    name: 'the file in the home directory',
    setup: (world) => ({ files: { '.kube/config': config(world) }, listed: [] }),
    sent: bearer('t'),
  },

  {
    name: 'a context without a user',
    setup: one({ context: { user: undefined } }),
    sent: {},
    unlikeKubectl: 'it asks for a name and a password',
  },
  {
    name: 'http without saying that it is meant',
    setup: one({ cluster: { server: `http://127.0.0.1:1` } }),
    sent: 'refused',
    says: /is not https/,
    unlikeKubectl: 'it goes there without credentials',
  },
  {
    name: 'a SOCKS proxy',
    setup: one({ cluster: { 'proxy-url': `socks5://u:${secret}@127.0.0.1:1` } }),
    sent: 'refused',
    says: /SOCKS proxies are not supported/,
    unlikeKubectl: 'it has SOCKS',
  },
  {
    name: 'an auth-provider that kubectl no longer has',
    setup: one({ user: { 'auth-provider': { name: 'gcp', config: { 'access-token': secret } } } }),
    sent: 'refused',
    says: /auth-provider\.name is not oidc/,
  },
];

/** Writes a setup's files, and says how a client is started with it. */
function arrange(row: Row, servers: Omit<World, 'folder'>) {
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  const world = { ...servers, folder };
  const setup = row.setup(world);
  for (const [path, content] of Object.entries(setup.files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(file, text);
    if (text.startsWith('#!')) chmodSync(file, 0o755);
  }
  for (const path of setup.locked ?? []) chmodSync(join(folder, path), 0o000);
  const listed = (setup.listed ?? (setup.flag === undefined ? ['config'] : [])).map((path) => join(folder, path));
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    ...(listed.length === 0 ? {} : { KUBECONFIG: listed.join(delimiter) }),
    ...setup.env,
  };
  const flag = setup.flag === undefined ? undefined : join(folder, setup.flag);
  return { world, env, flag, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What a plugin found in KUBERNETES_EXEC_INFO. */
const execInfoIn = ({ folder }: World): unknown => JSON.parse(readFileSync(join(folder, execInfoFile), 'utf8'));

/** What the server has to have seen. */
function expected(row: Row): Seen | 'refused' {
  return row.sent === 'refused' ? 'refused' : { path: '/api/v1/namespaces/default/pods', ...row.sent };
}

export interface Arranged {
  /** Where the request of this row goes, and the other one. */
  readonly asked: RecordingApiServer;
  readonly spared: RecordingApiServer;
  readonly world: World;
  readonly env: Readonly<Record<string, string>>;
  readonly flag: string | undefined;
}

const isRoot = process.getuid?.() === 0;

/** Starts the two servers for the tests of a file. @returns a test of a row: `ask` sends the request, by what was arranged. */
export function testedBy(ask: (row: Row, arranged: Arranged) => Promise<void>) {
  let servers: readonly [RecordingApiServer, RecordingApiServer] | undefined;
  beforeAll(async () => {
    servers = [await RecordingApiServer.start(), await RecordingApiServer.start()];
  });
  afterAll(async () => {
    for (const server of servers ?? []) await server[Symbol.asyncDispose]();
  });
  return async (row: Row, { skip }: { skip(condition: boolean, note: string): void }): Promise<void> => {
    if (servers === undefined) throw new Error('the servers are not up');
    const [server, other] = servers;
    using arranged = arrange(row, { server: server.url, other: other.url });
    const { world } = arranged;
    skip(isRoot && row.setup(world).locked !== undefined, 'root may read everything');
    server.seen.length = other.seen.length = 0;
    const [asked, spared] = row.toOther ? [other, server] : [server, other];
    await ask(row, { ...arranged, asked, spared });
    expect(asked.seen).toEqual(expected(row) === 'refused' ? [] : [expected(row)]);
    expect(spared.seen).toEqual([]);
    if (row.execInfo !== undefined) expect(execInfoIn(world)).toEqual(row.execInfo(world));
  };
}
