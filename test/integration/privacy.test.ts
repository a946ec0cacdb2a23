import { expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { secret, World } from './world.ts';

/**
 * Canary values: a secret, a token, a login, an e-mail and names that appear nowhere by chance. They go through every way that the
 * operator has, good and bad, and must come out nowhere.
 */
it('secrets and personal data appear in no log line, event, status, metric or probe', async () => {
  const clientSecret = 'canary-client-secret-4711';
  const wrongSecret = 'canary-wrong-secret-4711';
  await using world = await World.start({
    sandbox: { clientSecret, switches: { tokenForm: 'opaque' } },
    perObjectSecrets: true,
    flags: ['--log-level=debug'],
  });
  world.logOnFailure();
  const { url, clientId, cast, directory } = world.acronis;
  const home = world.user(cast.samRivers).tenant;
  const canary = directory.add({
    id: '55555555-5555-4555-8555-555555555555',
    login: 'canary.login.4711',
    email: 'canary@mail4711.example.com',
    firstname: 'Canaryfirst',
    lastname: 'Canarylast',
    tenant: home,
  });
  world.acronis.console.edit(canary.id, { externalId: 'canary-crm-4711' });
  const twice = { login: 'canary.twice.4711', firstname: 'Canaryfirst', lastname: 'Canarylast', tenant: home };
  directory.add({ id: '55555555-5555-4555-8555-555555555556', ...twice });
  directory.add({ id: '55555555-5555-4555-8555-555555555557', ...twice });

  await world.upsell('by-login', { login: canary.login, tenantID: home.id, deletionPolicy: 'Revoke' });
  await world.untilReason('by-login', 'BuyerAssigned');
  await world.upsell('by-external-id', {
    externalID: 'canary-crm-4711',
    tenantID: home.id,
    managementPolicy: 'Observe',
  });
  await world.untilReason('by-external-id', 'BuyerAssigned');
  await world.upsell('no-external-id', { externalID: 'canary-absent-4711', tenantID: home.id });
  await world.untilReason('no-external-id', 'UserNotFound');
  world.acronis.faults.add({
    kind: 'status',
    status: 400,
    code: 1027,
    message: 'canary-faulty-4711',
    names: 'canary-faulty-4711',
  });
  await world.upsell('faulty-external-id', { externalID: 'canary-faulty-4711', tenantID: home.id });
  await world.untilReason('faulty-external-id', 'Rejected');
  world.acronis.faults.clear();
  await world.upsell('ambiguous', { login: twice.login, tenantID: home.id });
  await world.untilReason('ambiguous', 'UserAmbiguous');
  await world.upsell('not-found', { login: 'canary.absent.4711', tenantID: home.id });
  await world.untilReason('not-found', 'UserNotFound');
  await world.apply(secret('wrong', { url, clientID: clientId, clientSecret: wrongSecret }));
  await world.upsell('rejected', { userID: cast.johnDoe, credentialsSecretRef: { name: 'wrong' } });
  await world.untilReason('rejected', 'CredentialsRejected');
  await world.apply(
    secret('bad-url', {
      url: `https://user:${wrongSecret}@evil.example.org`,
      clientID: clientId,
      clientSecret: wrongSecret,
    }),
  );
  await world.upsell('bad-url', { userID: cast.johnDoe, credentialsSecretRef: { name: 'bad-url' } });
  await world.untilReason('bad-url', 'UrlNotAllowed');
  // The service's own words may name people: each of these goes into an error.
  const message = `user ${canary.login} <canary@mail4711.example.com> Canaryfirst Canarylast token ${clientSecret}`;
  for (const [name, fault] of [
    ['said-400', { kind: 'status', status: 400, code: 1027, message }],
    ['said-403', { kind: 'status', status: 403, message }],
    ['said-500', { kind: 'status', status: 500, message, body: 'text' }],
  ] as const) {
    world.acronis.faults.add({ ...fault, routes: ['putUser'], id: cast.unitUser });
    await world.upsell(name, { userID: cast.unitUser });
    await world.until(name, 'has its condition', (object) => (object.status.observedGeneration ?? 0) > 0);
    await world.ok('delete', 'tuu', name);
    world.acronis.faults.clear();
  }
  await world.ok('delete', 'tuu', 'by-login', '--timeout=10s');
  await until(
    'its event',
    () => world.events('by-login'),
    (events) => events.some((event) => event.reason === 'Revoked'),
  );

  const metrics = await (await fetch(world.operator.metrics)).text();
  const probe = await (await fetch(`${world.operator.probes}/readyz?verbose`)).text();
  const events = await world.ok('get', 'events', '-o', 'yaml');
  const objects = JSON.parse(await world.ok('get', 'tuu', '-o', 'json')).items.map(
    (item: { status: unknown }) => item.status,
  );
  await world.operator.stop();
  const everything = [world.log, metrics, probe, events, JSON.stringify(objects)].join('\n');
  // It can be found, were it there: the operator's own words are.
  expect(everything).toContain('wrote to Acronis');
  expect(everything).toContain('UserAmbiguous');
  for (const word of [clientSecret, wrongSecret, 'canary', 'Canary', '4711', 'Bearer', 'Basic '])
    expect(everything.split('\n').filter((line) => line.includes(word))).toEqual([]);
});
