/** The play itself: what a newcomer should see, each claim checked on the real objects and users. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Sandbox } from '../acronis/sandbox.ts';
import type { ControlPlane } from '../controlplane/controlplane.ts';
import { kubectlOk } from '../controlplane/kubectl.ts';
import type { OperatorProcess } from '../operator/process.ts';
import { until } from '../until.ts';
import { columns, type Story } from './story.ts';

export interface Stage {
  readonly controlPlane: ControlPlane;
  readonly acronis: Sandbox;
  readonly startOperator: () => Promise<OperatorProcess>;
}

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const unknownUserID = '99999999-9999-4999-8999-999999999999';

const objectsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), resourceVersion: z.string() }),
      status: z.object({
        userID: z.string().optional(),
        observedVersion: z.number().optional(),
        offer: z.string().optional(),
        conditions: z.array(
          z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }),
        ),
      }),
    }),
  ),
});
type SeenObject = z.output<typeof objectsSchema>['items'][number];

export async function play(
  { controlPlane, acronis, startOperator }: Stage,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  const { cast } = acronis;
  const kubectl = (...args: string[]) => kubectlOk(controlPlane, args, { signal });
  const apply = (manifest: string) =>
    kubectlOk(controlPlane, ['apply', '-n', 'demo', '-f', '-'], { stdin: manifest, signal });
  const objects = async () =>
    objectsSchema.parse(JSON.parse(await kubectl('get', 'tuu', '-n', 'demo', '-o', 'json'))).items;
  const object = async (name: string) => (await objects()).find((each) => each.metadata.name === name);
  const people = [cast.johnDoe, cast.samRivers, cast.companyAdmin, cast.buyer];
  const users = () =>
    columns(
      ['LOGIN', 'REVISION', 'BUSINESS TYPES'],
      people.map((id) => {
        const user = acronis.directory.get(id);
        return [user?.login ?? '', String(user?.version), user?.businessTypes.join(', ') || '-'];
      }),
    );
  const isBuyer = (id: string) => acronis.directory.get(id)?.businessTypes.includes('buyer') === true;
  const puts = () => people.map((id) => acronis.ledger.putsOf(id).applied);

  story.chapter('A cluster, and users at Acronis (a stand-in on this machine)');
  story.say(
    `API server ${controlPlane.server}, Acronis ${acronis.url} with ${acronis.directory.size} users. Some of them, before:`,
  );
  story.quote(users());

  story.chapter('The operator is installed and started');
  story.command('kubectl apply -f crds/');
  story.quote(await kubectl('apply', '-f', root('crds')));
  await kubectl('wait', '--for=condition=Established', 'crd/tenantuserupsells.upsell.acronis.com', '--timeout=30s');
  const operator = await startOperator();
  story.command('node dist/main.js run');
  await operator.ready(signal);
  story.check(true, 'the operator is ready, as its probe reports');

  story.chapter('A TenantUserUpsell for each of four users, and one for a user that does not exist');
  await kubectl('create', 'namespace', 'demo');
  story.command('kubectl apply -n demo -f …');
  const sample = (name: string) => readFile(root(`deploy/samples/${name}.yaml`), 'utf8');
  const byLogin = (await sample('buyer-by-login')).replace(
    /tenantID: .*/,
    `tenantID: ${tenantOf(acronis, cast.samRivers)}`,
  );
  const manifests = [
    await sample('buyer'),
    byLogin,
    named('ada-admin', cast.companyAdmin),
    named('bea-buyer', cast.buyer),
    named('no-such-user', unknownUserID),
  ];
  story.quote(await apply(manifests.join('\n---\n')));
  const four = ['john-doe', 'sam-rivers', 'ada-admin', 'bea-buyer'];
  await kubectl('wait', '-n', 'demo', '--for=condition=Ready', '--timeout=30s', ...four.map((name) => `tuu/${name}`));
  const unknown = await until(
    'no-such-user has its condition',
    () => object('no-such-user'),
    (each) => reasonOf(each) === 'UserNotFound',
    { signal },
  );
  story.command('kubectl get tuu -n demo');
  story.quote(await kubectl('get', 'tuu', '-n', 'demo'));
  story.say('The users, after:');
  story.quote(users());
  story.check(people.every(isBuyer), 'all four users are buyers at Acronis');
  story.check(
    (await objects()).every(
      ({ status }) =>
        status.userID === undefined || status.observedVersion === acronis.directory.get(status.userID)?.version,
    ),
    "status.observedVersion is each user's revision",
  );
  story.check(
    puts().join() === '1,1,1,0',
    'three users were written once; the one who was a buyer already was not written at all',
  );
  story.check(reasonOf(unknown) === 'UserNotFound', 'the object whose user does not exist says what to do:');
  story.quote(unknown?.status.conditions.find((each) => each.type === 'Ready')?.message ?? '');

  story.chapter('In a steady state nothing is written, to either side');
  const before = { versions: await versionsOf(objects), puts: puts().join() };
  const passes = acronis.ledger.count('getUsers');
  await until(
    'a resync has read the users again',
    () => acronis.ledger.count('getUsers'),
    (count) => count >= passes + 2,
    { signal },
  );
  story.check((await versionsOf(objects)) === before.versions, 'a resync of all objects changed none of them');
  story.check(puts().join() === before.puts, 'and no user was written');

  story.chapter('An administrator takes the type away in the console');
  acronis.console.strip(cast.johnDoe);
  story.quote(users());
  await until('the type is back', () => isBuyer(cast.johnDoe), Boolean, { signal });
  const revision = acronis.directory.get(cast.johnDoe)?.version;
  await until(
    'its status shows it',
    () => object('john-doe'),
    (each) => each?.status.observedVersion === revision,
    { signal },
  );
  story.say('The operator saw it in the change feed and assigned it again:');
  story.quote(users());
  story.check(isBuyer(cast.johnDoe), `JohnDoe is a buyer again, and status.observedVersion is ${revision}`);
  story.command('kubectl events -n demo --for tuu/john-doe');
  const events = await until(
    'its events are there',
    () => kubectl('events', '-n', 'demo', '--for', 'tuu/john-doe'),
    (text) => text.split('Assigned').length > 2,
    { signal },
  );
  story.quote(events);

  story.chapter('A company administrator loses the link: the partner removes the Buy URL from its branding');
  const offered = (offer: string) =>
    until(
      `the offer is ${offer}`,
      () => object('ada-admin'),
      (each) => each?.status.offer === offer,
      { signal },
    );
  await offered('BuyNow');
  const buyUrl = acronis.console.setTenant(cast.tenants.partner, {}).brand.upsellUrl;
  acronis.console.setTenant(cast.tenants.partner, { upsellUrl: '' });
  await offered('BuyNowWithoutLink');
  story.command('kubectl get tuu -n demo ada-admin');
  story.quote(await kubectl('get', 'tuu', '-n', 'demo', 'ada-admin'));
  story.check(true, 'status.offer says that ada-admin is offered more and sees no link to buy it');
  const noLink = await until(
    'the event of the tenant',
    () => kubectl('events', '-n', 'demo'),
    (text) => text.includes('NoBuyLink'),
    { signal },
  );
  story.quote(noLink.split('\n').find((line) => line.includes('NoBuyLink')) ?? '');
  acronis.console.setTenant(cast.tenants.partner, { upsellUrl: buyUrl });
  await offered('BuyNow');
  story.check(true, 'with the Buy URL back in the branding the link is back, too');

  story.chapter('An object with deletionPolicy: Revoke is deleted');
  const forAWhile = (await sample('revoke-on-delete')).replace(/userID: .*/, `userID: ${cast.disabled}`);
  await apply(forAWhile);
  await kubectl('wait', '-n', 'demo', '--for=condition=Ready', '--timeout=30s', 'tuu/for-a-while');
  story.check(isBuyer(cast.disabled), 'while it is there, its user is a buyer');
  story.command('kubectl delete tuu -n demo for-a-while');
  await kubectl('delete', 'tuu', '-n', 'demo', 'for-a-while', '--timeout=30s');
  story.check(!isBuyer(cast.disabled), 'it is gone, and the type was revoked');
  await apply(forAWhile);
}

const named = (name: string, userID: string): string =>
  JSON.stringify({
    apiVersion: 'upsell.acronis.com/v1alpha1',
    kind: 'TenantUserUpsell',
    metadata: { name },
    spec: { userID },
  });

const tenantOf = (acronis: Sandbox, id: string): string => acronis.directory.get(id)?.tenant.id ?? '';

const reasonOf = (each: SeenObject | undefined): string | undefined =>
  each?.status.conditions.find((condition) => condition.type === 'Ready')?.reason;

const versionsOf = async (objects: () => Promise<SeenObject[]>): Promise<string> =>
  (await objects()).map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).join();
