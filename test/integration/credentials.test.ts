import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { logLines } from '../../sandbox/operator/process.ts';
import { ready, secret, World } from './world.ts';

it('without credentials of its own the operator serves objects that have a Secret, and the others say what is missing', async () => {
  await using world = await World.start({ ownCredentials: false });
  world.logOnFailure();
  const { url, clientId, clientSecret, cast } = world.acronis;
  await world.apply(secret('own', { url, clientID: clientId, clientSecret }));
  await world.upsell('with-secret', { userID: cast.johnDoe, credentialsSecretRef: { name: 'own' } });
  await world.upsell('without', { userID: cast.companyAdmin });
  await world.untilReason('with-secret', 'BuyerAssigned');
  const object = await world.untilReason('without', 'CredentialsMissing');
  expect(ready(object)?.message).toContain('ACRONIS_CLIENT_SECRET');
  // All that it said can be read once it has ended.
  await world.operator.stop();
  const said = logLines(world.operator).filter(
    (line) => line.msg === 'objects without a Secret of their own wait for credentials',
  );
  expect(said).toHaveLength(1);
});

it('a Secret that comes late, is wrong, and is corrected is seen each time, without a restart', async () => {
  await using world = await World.start({ perObjectSecrets: true });
  world.logOnFailure();
  const { url, clientId, clientSecret, cast } = world.acronis;
  await world.upsell('john', { userID: cast.johnDoe, credentialsSecretRef: { name: 'late' } });
  await world.upsell('ada', { userID: cast.companyAdmin });
  const missing = await world.untilReason('john', 'CredentialsMissing');
  expect(ready(missing)?.message).toContain('Secret late');
  await world.apply(secret('late', { url, clientID: clientId, clientSecret: 'not-the-secret' }));
  const rejected = await world.untilReason('john', 'CredentialsRejected', 30_000);
  expect(ready(rejected)?.message).not.toContain('not-the-secret');
  // The account of others is not touched by it.
  await world.untilReason('ada', 'BuyerAssigned');
  await world.apply(secret('late', { url, clientID: clientId, clientSecret }));
  await world.untilReason('john', 'BuyerAssigned', 30_000);
});

it('a URL outside --acronis-hosts gets no credential, whatever the Secret says', async () => {
  await using world = await World.start({ perObjectSecrets: true, flags: ['--allow-insecure-acronis=false'] });
  world.logOnFailure();
  const { url, clientId, clientSecret, cast } = world.acronis;
  await world.apply(secret('elsewhere', { url: 'https://acronis.com.example.org', clientID: clientId, clientSecret }));
  await world.apply(secret('plain-http', { url, clientID: clientId, clientSecret }));
  await world.upsell('elsewhere', { userID: cast.johnDoe, credentialsSecretRef: { name: 'elsewhere' } });
  await world.upsell('plain-http', { userID: cast.johnDoe, credentialsSecretRef: { name: 'plain-http' } });
  const object = await world.untilReason('elsewhere', 'UrlNotAllowed');
  expect(ready(object)?.message).toContain('--acronis-hosts');
  await world.untilReason('plain-http', 'UrlNotAllowed');
  expect(world.acronis.ledger.stats().requests).toBe(0);
});

it('mounted credential files are read again when they change', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'upsell-credentials-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const write = (name: string, value: string) => writeFile(join(dir, name), `${value}\n`);
  await using world = await World.start({ ownCredentials: false, flags: [`--acronis-credentials-dir=${dir}`] });
  world.logOnFailure();
  const { url, clientId, clientSecret, cast } = world.acronis;
  await world.upsell('john', { userID: cast.johnDoe });
  const object = await world.untilReason('john', 'CredentialsMissing');
  expect(ready(object)?.message).toContain('url, clientID, clientSecret');
  await write('url', url);
  await write('clientID', clientId);
  await write('clientSecret', clientSecret);
  await world.untilReason('john', 'BuyerAssigned', 30_000);
});
