/** Deletion never hangs, whatever went first. The control plane has no controllers, so the order in which a namespace is emptied is played by hand. */
import { expect, inject, it } from 'vitest';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { until } from '../../sandbox/until.ts';
import { secret, World } from './world.ts';

it('a namespace that is being deleted, with the Secret gone first: the type is revoked with the remembered credentials, and no event is missed', async () => {
  await using world = await World.start({ ownCredentials: false });
  world.logOnFailure();
  const { url, clientId, clientSecret, cast } = world.acronis;
  await world.apply(secret('own', { url, clientID: clientId, clientSecret }));
  await world.upsell('john', {
    userID: cast.johnDoe,
    deletionPolicy: 'Revoke',
    credentialsSecretRef: { name: 'own' },
  });
  await world.untilReason('john', 'BuyerAssigned');
  await kubectlOk(inject('controlPlane'), ['delete', 'namespace', world.namespace, '--wait=false']);
  const phase = () =>
    kubectlOk(inject('controlPlane'), ['get', 'namespace', world.namespace, '-o', 'jsonpath={.status.phase}']);
  await until('the namespace is going', phase, (seen) => seen === 'Terminating');
  await world.ok('delete', 'secret', 'own');
  await world.ok('delete', 'tuu', 'john', '--wait=false');
  await world.untilGone('john');
  expect(world.isBuyer(cast.johnDoe)).toBe(false);
  expect(world.puts(cast.johnDoe)).toBe(2);
});

it('Acronis down for longer than --revoke-give-up-after, with a restart in between: the object goes, and what stayed is said', async () => {
  await using world = await World.start({ flags: ['--revoke-give-up-after=6s', '--leader-elect=false'] });
  world.logOnFailure();
  const { johnDoe } = world.acronis.cast;
  await world.upsell('john', { userID: johnDoe, deletionPolicy: 'Revoke' });
  await world.untilReason('john', 'BuyerAssigned');
  world.acronis.faults.add({ kind: 'cut' });
  await world.ok('delete', 'tuu', 'john', '--wait=false');
  await world.until('john', 'says why it waits', ({ status }) => status.conditions[0]?.reason === 'Unavailable');
  await world.restart('SIGKILL');
  await world.untilGone('john', 60_000);
  await until(
    'the event',
    () => world.events('john'),
    (seen) => seen.some(({ reason }) => reason === 'RevocationGivenUp'),
  );
  expect(world.isBuyer(johnDoe)).toBe(true);
  await world.untilLogged('a revocation was given up');
}, 120_000);

it('a wrong new secret in the middle of it all stops the objects of that account, and no others', async () => {
  await using world = await World.start({ perObjectSecrets: true });
  world.logOnFailure();
  const { url, clients, cast } = world.acronis;
  const { id, secret: right } = clients.customer;
  await world.apply(secret('own', { url, clientID: id, clientSecret: right }));
  await world.upsell('ada', { userID: cast.companyAdmin, credentialsSecretRef: { name: 'own' } });
  await world.upsell('john', { userID: cast.johnDoe });
  await world.untilReason('ada', 'BuyerAssigned');
  await world.untilReason('john', 'BuyerAssigned');
  await world.apply(secret('own', { url, clientID: id, clientSecret: 'wrong' }));
  await world.untilReason('ada', 'CredentialsRejected', 40_000);
  world.acronis.console.strip(cast.johnDoe);
  await until('the other account goes on', () => world.isBuyer(cast.johnDoe), Boolean);
  await world.untilReason('john', 'BuyerAssigned');
}, 120_000);
