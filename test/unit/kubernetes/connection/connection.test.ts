import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../../src/kubernetes/connection/connection.ts';
import { whyUnreadable } from '../../../../src/kubernetes/connection/kubeconfig/file.ts';
import { ConnectProxy } from '../../../support/connect-proxy.ts';
import { failure } from '../../../support/failure.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { always } from '../../../support/signal.ts';
import { apiServer, clientOn, connect, eventually, fixture, kubeconfigFile, temporaryDirectory } from '../support.ts';

const get = { method: 'GET', path: '/version' } as const;

function open(options: {
  kubeconfig?: string;
  context?: string;
  env?: Record<string, string>;
  serviceAccountDir?: string;
}) {
  const log = new RecordedLog();
  const connection = openConnection({ env: {}, clock: new ManualClock(), log, ...options });
  onTestFinished(() => connection.close());
  return { connection, log };
}

const execOf = (command: string) => ({
  command,
  apiVersion: 'client.authentication.k8s.io/v1',
  interactiveMode: 'Never',
});

/** A pod's files. */
function serviceAccount(token = 'abc', namespace?: string): string {
  const serviceAccountDir = temporaryDirectory();
  copyFileSync(fixture('first.cert.pem'), join(serviceAccountDir, 'ca.crt'));
  writeFileSync(join(serviceAccountDir, 'token'), token);
  if (namespace !== undefined) writeFileSync(join(serviceAccountDir, 'namespace'), namespace);
  return serviceAccountDir;
}

/** The first process id that a plugin wrote. */
function pidIn(file: string): number {
  const pid = /^(\d+)\n/.exec(readFileSync(file, 'utf8'))?.[1];
  if (pid === undefined) throw new Error('it has not started yet');
  return Number(pid);
}

describe('where the connection comes from, in the order of controller-runtime, and the log says which was taken', () => {
  const pod = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const from = (options: Parameters<typeof open>[0]) => {
    const { connection, log } = open(options);
    expect(log.lines[0]).toMatchObject({ message: 'kubernetes connection', fields: { from: connection.describe } });
    return connection;
  };

  test('--kubeconfig wins over KUBECONFIG and the pod', () => {
    const kubeconfig = kubeconfigFile({ server: 'https://explicit:6443', namespace: 'team-a' });
    const KUBECONFIG = kubeconfigFile({ server: 'https://other' });
    const connection = from({ kubeconfig, env: { ...pod, KUBECONFIG }, serviceAccountDir: serviceAccount() });
    expect(connection).toMatchObject({ server: 'https://explicit:6443', namespace: 'team-a' });
    expect(connection.describe).toBe(`kubeconfig ${kubeconfig} (--kubeconfig)`);
  });

  test('KUBECONFIG wins over the pod', () => {
    const KUBECONFIG = kubeconfigFile({ server: 'https://named' });
    const connection = from({ env: { ...pod, KUBECONFIG }, serviceAccountDir: serviceAccount() });
    expect(connection).toMatchObject({ server: 'https://named', describe: `kubeconfig ${KUBECONFIG} (KUBECONFIG)` });
  });

  test('a context that is named is taken in place of the current one, from a file and never from the pod', () => {
    const kubeconfig = kubeconfigFile({ server: 'https://first' });
    const file = JSON.parse(readFileSync(kubeconfig, 'utf8'));
    file.clusters.push({ name: 'other', cluster: { server: 'https://second' } });
    file.contexts.push({ name: 'y', context: { cluster: 'other', user: 'u', namespace: 'team-b' } });
    writeFileSync(kubeconfig, JSON.stringify(file));
    expect(from({ kubeconfig })).toMatchObject({ server: 'https://first' });
    expect(from({ kubeconfig, context: 'y' })).toMatchObject({ server: 'https://second', namespace: 'team-b' });
    const inPod = { env: { ...pod, KUBECONFIG: kubeconfig }, serviceAccountDir: serviceAccount() };
    expect(from({ ...inPod, context: 'y' })).toMatchObject({ server: 'https://second' });
    expect(() => open({ kubeconfig, context: 'z' })).toThrow(/context z does not exist.*\(there: x, y\)/);
    expect(() => open({ env: pod, serviceAccountDir: serviceAccount(), context: 'y' })).toThrow(
      /no kubeconfig that could have the context y/,
    );
  });

  test('the pod wins over the file in the home directory, and has a namespace of its own', () => {
    const HOME = temporaryDirectory();
    mkdirSync(join(HOME, '.kube'));
    kubeconfigFile({ server: 'https://home' }, join(HOME, '.kube'));
    const connection = from({ env: { ...pod, HOME }, serviceAccountDir: serviceAccount('abc', 'operators\n') });
    expect(connection).toMatchObject({
      server: 'https://[fd00::1]',
      namespace: 'operators',
      describe: 'in-cluster service account',
    });
  });

  test('the file in the home directory serves where there is nothing else, a pod without a token included', () => {
    const HOME = temporaryDirectory();
    mkdirSync(join(HOME, '.kube'));
    kubeconfigFile({ server: 'https://home' }, join(HOME, '.kube'));
    for (const env of [{ HOME }, { ...pod, HOME }])
      expect(from({ env, serviceAccountDir: temporaryDirectory() })).toMatchObject({
        server: 'https://home',
        namespace: 'default',
      });
  });

  test('in a pod, a KUBECONFIG whose files are missing or empty counts as none, and that is said', () => {
    const empty = join(temporaryDirectory(), 'empty');
    writeFileSync(empty, '');
    const KUBECONFIG = ['/not/there', empty].join(delimiter);
    const connection = from({ env: { ...pod, KUBECONFIG }, serviceAccountDir: serviceAccount() });
    expect(connection.describe).toBe('in-cluster service account (the files of KUBECONFIG are missing or empty)');
  });

  test('nothing at all is one sentence with a remedy', () => {
    expect(() => open({ env: { HOME: temporaryDirectory() } })).toThrow(/pass --kubeconfig FILE or set KUBECONFIG/);
  });

  test('a pod without a mounted token is one sentence with a remedy', () => {
    expect(() => open({ env: { KUBERNETES_SERVICE_HOST: 'h' }, serviceAccountDir: temporaryDirectory() })).toThrow(
      /automountServiceAccountToken/,
    );
  });
});

test.each([
  ['EACCES', 'this process may not read it'],
  ['EPERM', 'this process may not read it'],
  ['EISDIR', 'it is a directory'],
  ['EMFILE', 'it cannot be read (EMFILE)'],
])('a file that cannot be read because of %s is said to be so in words', (code, words) => {
  expect(whyUnreadable(Object.assign(new Error('raw'), { code }))).toBe(words);
});

describe('credentials', () => {
  test('a rotated token file is read again within five seconds, on the same connections', async () => {
    const seen: (string | undefined)[] = [];
    const server = await apiServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    }, 'first');
    const serviceAccountDir = serviceAccount('one\n');
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

  test('a token file of a kubeconfig is read again within five seconds, and the last token stays while it cannot be', async () => {
    const seen: (string | undefined)[] = [];
    const server = await apiServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const directory = temporaryDirectory();
    const tokenFile = join(directory, 'token');
    writeFileSync(tokenFile, 'one');
    const clock = new ManualClock();
    const { client } = connect(kubeconfigFile({ server: server.url, user: { tokenFile: 'token' } }, directory), clock);
    await client.request(get, always());
    for (const change of [() => writeFileSync(tokenFile, 'two'), () => rmSync(tokenFile)]) {
      change();
      await clock.advance(5_000);
      await client.request(get, always());
    }
    expect(seen).toEqual(['Bearer one', 'Bearer two', 'Bearer two']);
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

  test('an exec plugin is one process however many callers, and its stderr is in no message', async () => {
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
    const file = kubeconfigFile({ server: server.url, user: { exec: execOf(plugin) } }, directory);
    const { client } = connect(file, clock);
    await Promise.all(Array.from({ length: 50 }, () => client.request(get, always())));
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(1);
    await clock.advance(60_000);
    await client.request(get, always());
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(1);

    writeFileSync(join(directory, 'broken'), '');
    const other = connect(file, clock);
    const errors = await Promise.all(Array.from({ length: 20 }, () => failure(other.client.request(get, always()))));
    expect(String(errors[0])).toMatch(/exec plugin \/.*\/plugin ended with exit code 1\. Run the plugin by hand/);
    expect(errors.map(String).join()).not.toContain('canary');
    expect(readFileSync(runs, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  test('a plugin that hangs is given up for all that wait, with a sentence, and the next caller starts another one', async () => {
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
    const { client } = connect(kubeconfigFile({ server: server.url, user: { exec: execOf(plugin) } }), clock);
    const patient = { ...get, timeoutMs: 120_000 };
    const outcomes = Promise.all(Array.from({ length: 5 }, () => failure(client.request(patient, always()))));
    const impatient = failure(client.request({ ...get, timeoutMs: 10_000 }, always()));
    const pid = await eventually(() => pidIn(runs));
    await clock.advance(10_000);
    expect(String(await impatient)).toMatch(/no credentials in time \(is an exec plugin hanging\?\)/);
    await clock.advance(20_000);
    for (const error of await outcomes)
      expect(String(error)).toMatch(
        /its exec plugin \/.*\/plugin did not respond within 30 s and was ended\. Run the plugin by hand/,
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
    const file = kubeconfigFile({ server: 'https://127.0.0.1:1', user: { exec: execOf(plugin) } });
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
