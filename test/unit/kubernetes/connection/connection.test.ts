import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../../src/kubernetes/connection/connection.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { always } from '../../../support/signal.ts';
import { apiServer, clientOn, connect, eventually, fixture, kubeconfigFile, temporaryDirectory } from '../support.ts';
import { ConnectProxy } from './connect-proxy.ts';

const get = { method: 'GET', path: '/version' } as const;

function open(options: { kubeconfig?: string; env?: Record<string, string>; serviceAccountDir?: string }) {
  const log = new RecordedLog();
  const connection = openConnection({ env: {}, clock: new ManualClock(), log, ...options });
  onTestFinished(() => connection.close());
  return { connection, log };
}

/** The first process id that a plugin wrote. */
function pidIn(file: string): number {
  const pid = /^(\d+)\n/.exec(readFileSync(file, 'utf8'))?.[1];
  if (pid === undefined) throw new Error('it has not started yet');
  return Number(pid);
}

describe('where the connection comes from', () => {
  test('an explicit kubeconfig wins over the pod and KUBECONFIG, and the log says so', () => {
    const kubeconfig = kubeconfigFile({ server: 'https://explicit:6443', namespace: 'team-a' });
    const { connection, log } = open({
      kubeconfig,
      env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBECONFIG: '/nowhere' },
    });
    expect(connection.server).toBe('https://explicit:6443');
    expect(connection.namespace).toBe('team-a');
    expect(log.lines[0]?.fields['from']).toBe(`kubeconfig ${kubeconfig} (--kubeconfig)`);
  });

  test('in a pod the service account is used, with the namespace of the pod', () => {
    const serviceAccountDir = temporaryDirectory();
    copyFileSync(fixture('first.cert.pem'), join(serviceAccountDir, 'ca.crt'));
    writeFileSync(join(serviceAccountDir, 'token'), 'abc');
    writeFileSync(join(serviceAccountDir, 'namespace'), 'operators\n');
    const { connection } = open({
      env: { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
      serviceAccountDir,
    });
    expect(connection.server).toBe('https://[fd00::1]');
    expect(connection.namespace).toBe('operators');
    expect(connection.describe).toBe('in-cluster service account');
  });

  test('of several files in KUBECONFIG the first to name a thing wins, and missing files are skipped', () => {
    const first = kubeconfigFile({ server: 'https://one' });
    const second = kubeconfigFile({ server: 'https://two' });
    const { connection } = open({ env: { KUBECONFIG: ['/not/there', first, second].join(delimiter) } });
    expect(connection.server).toBe('https://one');
    expect(connection.namespace).toBe('default');
  });
});

describe('a configuration that cannot be used is one sentence with a remedy', () => {
  const written = (text: string) => {
    const file = join(temporaryDirectory(), 'config');
    writeFileSync(file, text);
    return file;
  };
  const config = (parts: object) =>
    written(
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: 'https://x' } }],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
        ...parts,
      }),
    );
  test.each([
    [
      'a file that is not there',
      () => '/not/there',
      /\(--kubeconfig\) cannot be used: there is no such file\. Correct/,
    ],
    ['a directory', () => temporaryDirectory(), /it is a directory/],
    ['text that is not YAML', () => written('token: canary-secret: [\n'), /not valid YAML \(line 1\)/],
    ['an empty file', () => written(''), /has not the form of a kubeconfig/],
    ['YAML that is something else', () => written('hello'), /no current context/],
    ['no current context', () => config({ 'current-context': undefined }), /no current context\. .*\(there: x\)/],
    ['an unknown context', () => config({ 'current-context': 'y' }), /current context y does not exist/],
    ['an unknown cluster', () => config({ clusters: [] }), /names a cluster c that does not exist/],
    ['an unknown user', () => config({ users: [] }), /names a user u that does not exist/],
    [
      'a cluster without server',
      () => config({ clusters: [{ name: 'c', cluster: {} }] }),
      /cluster\.server is missing/,
    ],
    ['no URL', () => config({ clusters: [{ name: 'c', cluster: { server: 'here' } }] }), /no http or https URL/],
    ['http', () => config({ clusters: [{ name: 'c', cluster: { server: 'http://x' } }] }), /is not https/],
    [
      'a SOCKS proxy',
      () => config({ clusters: [{ name: 'c', cluster: { server: 'https://x', 'proxy-url': 'socks5://u:p@h:1' } }] }),
      /SOCKS proxies are not supported/,
    ],
  ])('%s', (_name, kubeconfig, expected) => {
    const file = kubeconfig();
    expect(() => open({ kubeconfig: file })).toThrow(expected);
    try {
      open({ kubeconfig: file });
    } catch (error) {
      expect(String(error)).not.toMatch(/canary|u:p@/);
    }
  });

  test('a tokenFile, which would be ignored, is refused', () => {
    const file = written(`
clusters: [{name: c, cluster: {server: "https://x"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
users:
- name: u
  user:
    tokenFile: /some/where
`);
    expect(() => open({ kubeconfig: file })).toThrow(/tokenFile, which is not supported/);
  });

  test('nothing configured at all', () => {
    expect(() => open({ env: { HOME: temporaryDirectory() } })).toThrow(/pass --kubeconfig FILE or set KUBECONFIG/);
  });

  test('a pod without a mounted token', () => {
    expect(() => open({ env: { KUBERNETES_SERVICE_HOST: 'h' }, serviceAccountDir: temporaryDirectory() })).toThrow(
      /automountServiceAccountToken/,
    );
  });
});

describe('credentials', () => {
  test('a rotated token file is read again within five seconds, on the same connections', async () => {
    const seen: (string | undefined)[] = [];
    const server = await apiServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    }, 'first');
    const serviceAccountDir = temporaryDirectory();
    copyFileSync(fixture('first.cert.pem'), join(serviceAccountDir, 'ca.crt'));
    writeFileSync(join(serviceAccountDir, 'token'), 'one\n');
    const { hostname, port } = new URL(server.url);
    const clock = new ManualClock();
    const connection = openConnection({
      env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
      serviceAccountDir,
      clock,
      log: new RecordedLog(),
    });
    onTestFinished(() => connection.close());
    const { client } = clientOn(connection, clock);
    await client.request(get, always());
    writeFileSync(join(serviceAccountDir, 'token'), 'two\n');
    await client.request(get, always());
    await clock.advance(5_000);
    await client.request(get, always());
    expect(seen).toEqual(['Bearer one', 'Bearer one', 'Bearer two']);
    // undici opens a second one when a call follows on the heels of another, and then keeps to those two.
    expect(server.connections.total).toBeLessThanOrEqual(2);
  });

  test('a 401 drops the credentials, the kubeconfig is read again, and the call is repeated once', async () => {
    let valid = 'one';
    const server = await apiServer((request, response) => {
      response.statusCode = request.headers.authorization === `Bearer ${valid}` ? 200 : 401;
      response.end('{}');
    });
    const directory = temporaryDirectory();
    const clock = new ManualClock();
    const { client, counted } = connect(
      kubeconfigFile({ server: server.url, user: { token: 'one' } }, directory),
      clock,
    );
    await client.request(get, always());
    valid = 'two';
    kubeconfigFile({ server: server.url, user: { token: 'two' } }, directory);
    await client.request(get, always());
    expect(counted).toEqual(['GET 200', 'GET 401', 'GET 200']);
  });

  test('credentials that stay refused are not asked for again with every call', async () => {
    const server = await apiServer((_request, response) => {
      response.statusCode = 401;
      response.end('{}');
    });
    const clock = new ManualClock();
    const { client, counted } = connect(kubeconfigFile({ server: server.url, user: { token: 't' } }), clock);
    for (let call = 0; call < 3; call++) await failure(client.request(get, always()));
    expect(counted).toHaveLength(4);
    await clock.advance(1_000);
    await failure(client.request(get, always()));
    expect(counted).toHaveLength(6);
  });

  test('an exec plugin is one process however many callers, and its stderr is never told on', async () => {
    const server = await apiServer((request, response) => {
      response.statusCode = request.headers.authorization === 'Bearer from-plugin' ? 200 : 401;
      response.end('{}');
    });
    const directory = temporaryDirectory();
    const plugin = join(directory, 'plugin');
    const runs = join(directory, 'runs');
    writeFileSync(
      plugin,
      `#!/bin/sh\necho run >> ${runs}\nif [ -e ${directory}/broken ]; then echo canary-secret >&2; exit 1; fi\necho '{"status":{"token":"from-plugin"}}'\n`,
    );
    chmodSync(plugin, 0o755);
    writeFileSync(runs, '');
    const clock = new ManualClock();
    const file = kubeconfigFile({ server: server.url, user: { exec: { command: plugin } } }, directory);
    const { client } = connect(file, clock);
    await Promise.all(Array.from({ length: 50 }, () => client.request(get, always())));
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(1);
    await clock.advance(60_000);
    await client.request(get, always());
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(1);

    writeFileSync(join(directory, 'broken'), '');
    const other = connect(file, clock);
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(other.client.request(get, always()))));
    expect(String(errors[0])).toMatch(/exec plugin gave none\. Run the plugin by hand/);
    expect(errors.map(String).join()).not.toContain('canary');
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  test('a plugin that hangs is given up for all who wait, with a sentence, and the next caller starts another one', async () => {
    const server = await apiServer((_request, response) => response.end('{}'));
    const directory = temporaryDirectory();
    const plugin = join(directory, 'plugin');
    const runs = join(directory, 'runs');
    writeFileSync(
      plugin,
      `#!/bin/sh\necho $$ >> ${runs}\nif [ -e ${directory}/well ]; then echo '{"status":{"token":"t"}}'; else exec sleep 600; fi\n`,
    );
    chmodSync(plugin, 0o755);
    const clock = new ManualClock();
    const { client } = connect(kubeconfigFile({ server: server.url, user: { exec: { command: plugin } } }), clock);
    const patient = { ...get, timeoutMs: 120_000 };
    const outcomes = Promise.all(Array.from({ length: 5 }, () => failure(client.request(patient, always()))));
    const impatient = failure(client.request({ ...get, timeoutMs: 10_000 }, always()));
    const pid = await eventually(() => pidIn(runs));
    await clock.advance(10_000);
    expect(String(await impatient)).toMatch(/no credentials in time \(is an exec plugin hanging\?\)/);
    await clock.advance(20_000);
    for (const error of await outcomes)
      expect(String(error)).toMatch(
        /its exec plugin did not answer within 30 s and was ended\. Run the plugin by hand/,
      );
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));

    writeFileSync(join(directory, 'well'), '');
    await clock.advance(1_000);
    expect(await client.request(get, always())).toEqual({});
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  test('a plugin that hangs does not outlive the connection, so that the process can end', async () => {
    const directory = temporaryDirectory();
    const plugin = join(directory, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho $$ > ${directory}/pid\nexec sleep 600\n`);
    chmodSync(plugin, 0o755);
    const file = kubeconfigFile({ server: 'https://127.0.0.1:1', user: { exec: { command: plugin } } });
    const { client, connection } = connect(file, new ManualClock());
    const outcome = failure(client.request(get, always()));
    const pid = await eventually(() => pidIn(join(directory, 'pid')));
    await connection.close();
    expect(await outcome).toMatchObject({ reason: 'CredentialsUnavailable' });
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  });

  test('credentials at hand stay in use while new ones cannot be had', async () => {
    const server = await apiServer((_request, response) => response.end('{}'));
    const directory = temporaryDirectory();
    const file = kubeconfigFile({ server: server.url, user: { token: 't' } }, directory);
    const clock = new ManualClock();
    const { client, log } = connect(file, clock);
    await client.request(get, always());
    writeFileSync(file, 'half wri: [');
    for (let round = 0; round < 3; round++) {
      await clock.advance(5_000);
      await client.request(get, always());
    }
    expect(log.lines.filter((line) => line.message === 'credentials could not be renewed')).toHaveLength(1);
  });
});

describe('TLS', () => {
  test('a changed CA file is trusted without a restart, and the old connections go away', async () => {
    const server = await apiServer((_request, response) => response.end('{}'), 'first');
    const directory = temporaryDirectory();
    const ca = join(directory, 'ca.pem');
    copyFileSync(fixture('first.cert.pem'), ca);
    const clock = new ManualClock();
    const file = kubeconfigFile({ server: server.url, cluster: { 'certificate-authority': 'ca.pem' } }, directory);
    const { client } = connect(file, clock);
    await client.request(get, always());

    server.present('second');
    server.connections.cut();
    await eventually(() => expect(server.connections.open).toBe(0));
    expect(await failure(client.request(get, always()))).toMatchObject({ reason: 'CertificateNotTrusted', status: 0 });
    copyFileSync(fixture('second.cert.pem'), ca);
    await clock.advance(5_000);
    await client.request(get, always());
    await eventually(() => expect(server.connections.open).toBe(1));
  });

  test('a certificate of another authority is not trusted, and the message says so', async () => {
    const server = await apiServer((_request, response) => response.end('{}'), 'second');
    const ca = readFileSync(fixture('first.cert.pem')).toString('base64');
    const { client } = connect(kubeconfigFile({ server: server.url, cluster: { 'certificate-authority-data': ca } }));
    expect(String(await failure(client.request(get, always())))).toMatch(
      /not signed by the configured certificate authority/,
    );
  });

  test('a context without a user still checks the certificate against its own authority', async () => {
    const server = await apiServer((_request, response) => response.end('{}'), 'first');
    const ca = readFileSync(fixture('first.cert.pem')).toString('base64');
    const file = join(temporaryDirectory(), 'config');
    writeFileSync(
      file,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': ca } }],
        contexts: [{ name: 'x', context: { cluster: 'c' } }],
        'current-context': 'x',
      }),
    );
    expect(await connect(file).client.request(get, always())).toEqual({});
  });
});

test('a proxy-url is used: the tunnel goes through the proxy, the certificate is the server’s', async () => {
  const server = await apiServer((_request, response) => response.end('{"through":"proxy"}'), 'first');
  await using proxy = await ConnectProxy.start();
  const cluster = {
    'certificate-authority': fixture('first.cert.pem'),
    'proxy-url': proxy.url,
  };
  const { client } = connect(kubeconfigFile({ server: server.url, cluster }));
  expect(await client.request(get, always())).toEqual({ through: 'proxy' });
  expect(proxy.tunnels).toEqual([new URL(server.url).host]);
});

test('a closed connection gives no credentials any more and leaves no socket', async () => {
  const server = await apiServer((_request, response) => response.end('{}'));
  const { client, connection } = connect(kubeconfigFile({ server: server.url }));
  await client.request(get, always());
  await connection.close();
  await eventually(() => expect(server.connections.open).toBe(0));
  expect(await failure(client.request(get, always()))).toMatchObject({ reason: 'CredentialsUnavailable' });
});
