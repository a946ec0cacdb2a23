/**
 * The canaries of privacy.test.ts, where everything goes wrong: whatever the operator sends is said back to it, by Acronis and by the API server, in
 * every form, at log level debug; and in the end it crashes. None of it may come out.
 */
import { expect, it } from 'vitest';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import type { MadeResponse } from '../../sandbox/relay/message.ts';
import { until } from '../../sandbox/until.ts';
import { readyOf } from '../faults/cluster.ts';
import { type ObservingRelay, type SeenRequest, startObservingRelay } from '../support/observing-relay.ts';
import { echoes, purposeOf } from './echoes.ts';
import { OwnWay } from './own-way.ts';

/** Crashes on SIGUSR2, with an error that has the environment in it wherever an error can have something, but for its message. */
const crashing = `process.on('SIGUSR2', () => {
  const { ACRONIS_CLIENT_SECRET: secret } = process.env;
  throw Object.assign(new Error('made by the test', { cause: new Error(secret) }), { secret, headers: { secret } });
});`;
const nodeFlags = [`--import=data:text/javascript,${encodeURIComponent(crashing)}`];

/** A Status that says back what it was asked with. */
const status = (code: number, { authorization, body }: SeenRequest): MadeResponse => ({
  status: code,
  headers: { 'content-type': 'application/json', 'x-said': authorization },
  text: JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: code === 410 ? 'Expired' : 'Forbidden',
    code,
    message: `${authorization} was refused; ${authorization.split(' ')[1]} is no token; ${body.slice(0, 50)}`,
    details: { causes: [{ message: authorization }] },
  }),
});

/** The same as the one event of a watch, which ends then. */
const asEvent = (refusal: MadeResponse): MadeResponse => ({
  ...refusal,
  status: 200,
  text: `{"type":"ERROR","object":${refusal.text}}\n`,
});

it('what is said back in errors comes out nowhere: no log line, event, status, metric, probe or crash', async () => {
  await using way = await OwnWay.make({ perObjectSecrets: true });
  const { namespace, cluster, world, controlPlane } = way;
  const { acronis, workload } = world;
  const { id: clientID, secret: clientSecret } = acronis.clients.partner;
  const tenant = acronis.directory.get(acronis.cast.johnDoe)?.tenant;
  if (tenant === undefined) throw new Error('The cast has no John Doe.');

  // One account for each echo, and one person.
  await using relays = new AsyncDisposableStack();
  const struck = new Map<string, number>();
  const relaysSeen: ObservingRelay[] = [];
  for (const [at, echo] of echoes.entries()) {
    const person = acronis.directory.add({
      id: `55555555-5555-4555-8555-${String(at).padStart(12, '0')}`,
      login: `canary.login.${at}`,
      email: `canary.mail.${at}@mail.example.com`,
      firstname: `Canaryfirst${at}`,
      lastname: `Canarylast${at}`,
      tenant,
    });
    const { login, email, firstname, lastname } = person;
    const relay = relays.use(await startObservingRelay({ server: acronis.url }));
    relaysSeen.push(relay);
    relay.answering = (request) => {
      if (purposeOf(request) !== echo.on) return undefined;
      struck.set(echo.name, (struck.get(echo.name) ?? 0) + 1);
      const { authorization, body } = request;
      return echo.response(`${login} ${email} ${firstname} ${lastname} ${authorization} ${clientSecret} ${body}`);
    };
    await cluster.createSecret(namespace, `own-${at}`, { url: relay.url, clientID, clientSecret });
    const who = echo.on === 'search' ? { login, tenantID: tenant.id } : { userID: person.id };
    await cluster.create(namespace, `echo-${at}`, { ...who, credentialsSecretRef: { name: `own-${at}` } });
  }

  await using api = await startObservingRelay(controlPlane);
  relaysSeen.push(api);
  const kubeconfig = await kubeconfigFor(controlPlane, { name: namespace, token: way.token, server: api.url });
  const first = await way.start({ kubeconfig, nodeFlags }, ['--drift-interval=2s']);
  await first.ready(AbortSignal.timeout(30_000));
  await until(
    'every echo was received',
    () => echoes.filter(({ name }) => !struck.has(name)).map(({ name }) => name),
    (missing) => missing.length === 0,
    { withinMs: 60_000 },
  );
  const undecided = async () =>
    (await cluster.list(namespace)).flatMap((object) =>
      readyOf(object)?.reason === 'Pending' ? [object.metadata.name] : [],
    );
  await until('every object says something', undecided, (names) => names.length === 0, { withinMs: 40_000 });

  // Then the API server: a few of each kind, so that nothing is lost by it for good.
  const left = new Map([
    ['secrets', 2],
    ['status', 3],
    ['events', 3],
    ['leases', 2],
    ['watch', 2],
    ['stream', 1],
  ]);
  api.answering = (request) => {
    const kind = kindOf(request);
    const due = left.get(kind) ?? 0;
    if (due === 0) return undefined;
    left.set(kind, due - 1);
    const word = { secrets: 403, events: 403, watch: due > 1 ? 500 : 410 }[kind] ?? 500;
    const refusal = status(word, request);
    return kind === 'stream' || word === 410 ? asEvent(refusal) : refusal;
  };
  api.cut();
  await workload.create('another');
  await until(
    'each kind was refused',
    () => [...left.values()],
    (counts) => counts.every((count) => count === 0),
    { withinMs: 60_000 },
  );
  await way.becomesReady('and-it-works-again', 60_000);

  const metrics = await (await fetch(first.metrics)).text();
  const probes = await (await fetch(`${first.probes}/readyz?verbose`)).text();
  process.kill(first.pid, 'SIGUSR2');
  expect(await first.ended).toMatchObject({ exitCode: 1 });

  // Another one meets it all at the start, and is aborted.
  left.set('other', 2).set('list', 2).set('secrets', 1).set('leases', 1).set('stream', 1);
  const second = await way.start({ kubeconfig });
  await second.ready(AbortSignal.timeout(60_000));
  process.kill(second.pid, 'SIGABRT');
  expect(await second.ended).toMatchObject({ signal: 'SIGABRT' });

  const events = await cluster.call('GET', `/api/v1/namespaces/${namespace}/events`);
  const objects = (await cluster.list(namespace)).map((object) => object.status);
  const lease = await cluster.call('GET', `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
  const everything = [way.log, metrics, probes, JSON.stringify([events, objects, lease])].join('\n');
  // It can be found, were it there: the operator's own words are.
  for (const word of [
    '"level":"debug"',
    'wrote to Acronis',
    'made by the test',
    'CredentialsRejected',
    '"msg":"became leader"',
  ])
    expect(everything).toContain(word);
  const canaries = new Set(['canary', 'Canary', clientSecret]);
  for (const { authorization } of relaysSeen.flatMap(({ seen }) => seen))
    for (const word of authorization.split(/[ .]/)) if (word.length > 20) canaries.add(word);
  for (const word of canaries) expect(everything.split('\n').filter((line) => line.includes(word))).toEqual([]);
}, 240_000);

function kindOf({ method, url }: SeenRequest): string {
  const { pathname, searchParams } = new URL(url, 'http://api');
  if (pathname.endsWith('/status')) return 'status';
  if (searchParams.get('watch') === 'true') return searchParams.has('sendInitialEvents') ? 'stream' : 'watch';
  for (const kind of ['secrets', 'events', 'leases']) if (pathname.includes(`/${kind}`)) return kind;
  return method === 'GET' && pathname.endsWith('/tenantuserupsells') ? 'list' : 'other';
}
