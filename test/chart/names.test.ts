import { describe, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { Cluster, refusal, rendered } from './chart.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
const namesOf = async (values: object, release?: string): Promise<string[]> =>
  (
    await rendered({ ...values, replicas: 2, crds: { install: false } }, release === undefined ? {} : { release })
  ).objects.map(({ metadata }) => metadata.name);

describe('names of objects', () => {
  it('of two releases whose long names begin alike are two', async () => {
    const long = 'upsell-operator-for-partner-northern-region-team';
    const [one, other] = await Promise.all([namesOf({}, `${long}-a`), namesOf({}, `${long}-b`)]);
    for (const name of [...one, ...other]) expect(name.length).toBeLessThanOrEqual(63);
    expect(one.filter((name) => other.includes(name))).toEqual([]);
    expect(await namesOf({}, `${long}-a`)).toEqual(one);
  });

  it('of two overrides that begin alike are two', async () => {
    const one = await namesOf({ fullnameOverride: `${'x'.repeat(50)}a` });
    const other = await namesOf({ fullnameOverride: `${'x'.repeat(50)}b` });
    expect(one.filter((name) => other.includes(name))).toEqual([]);
  });

  it.each([
    ["the chart's own name", 'acronis-upsell-operator', {}, 'acronis-upsell-operator'],
    ['a short name', 'eu', {}, 'eu-acronis-upsell-operator'],
    ["a name with the chart's in it", 'eu-acronis-upsell-operator', {}, 'eu-acronis-upsell-operator'],
    ['a short name and nameOverride', 'eu', { nameOverride: 'upsell' }, 'eu-upsell'],
    ['a name with nameOverride in it', 'upsell', { nameOverride: 'upsell' }, 'upsell'],
    ['any name and fullnameOverride', 'eu', { fullnameOverride: 'buyers' }, 'buyers'],
  ])('of a release with %s all begin with it, once', async (_what, release, values, name) => {
    const names = await namesOf({ ...values, metrics: { dashboard: { enabled: true } } }, release);
    expect(names).toContain(name);
    expect(names.filter((each) => !each.startsWith(name))).toEqual([]);
    // The commands of README and guide name these objects.
    expect(
      (await rendered(values, { release })).only(
        'Deployment',
        z.looseObject({ metadata: z.looseObject({ name: z.string() }) }),
      ).metadata.name,
    ).toBe(name);
  });

  it.each(['1st', 'team.upsell', '0'.repeat(53), 'a.b.c'])(
    'of the release %s, which Helm takes, are names of Kubernetes',
    async (release) => {
      const { text } = await rendered({ replicas: 2, nameOverride: 'op' }, { release });
      await cluster.accepts(text);
    },
  );

  it.each([
    ...['Upsell', 'up.sell', 'up_sell', 'upsell-', '-upsell', '1upsell', 'up sell'].flatMap((name) => [
      ['nameOverride', name] as const,
      ['fullnameOverride', name] as const,
    ]),
  ])('%s %j is refused in a sentence', async (key, name) => {
    expect(await refusal({ [key]: name })).toContain(
      `${key} is "${name}": write lower-case letters, digits and -, beginning with a letter and not ending with -.`,
    );
  });

  it.each([
    ['serviceAccount.name', { serviceAccount: { name: 'Me' } }],
    ['credentials.existingSecret', { credentials: { existingSecret: 'a_b' } }],
    ['priorityClassName', { priorityClassName: 'High' }],
    ['extraCA.configMap', { extraCA: { configMap: 'a/b' } }],
  ])('%s that is no name of an object is refused in a sentence', async (path, values) => {
    expect(await refusal(values)).toContain(`${path} is "`);
  });
});

describe('the Secret that the chart makes itself', () => {
  it('cannot be the existing one: Helm would delete it', async () => {
    const said = await refusal({ credentials: { existingSecret: 'demo-acronis-upsell-operator-credentials' } });
    expect(said).toContain('the name of the Secret that the chart makes itself: Helm would delete it');
  });
});

describe("the data center's URL", () => {
  const own = { clientID: 'id', clientSecret: 's' };

  it.each([
    'https://eu2-cloud.acronis.com',
    'https://eu2-cloud.acronis.com/',
    'https://eu2-cloud.acronis.com/api/2',
    'HTTPS://EU2-cloud.acronis.com/api/2/',
  ])('%s is taken, as the operator takes it', async (url) => {
    expect((await rendered({ credentials: { ...own, url } })).kinds('Secret')).toHaveLength(1);
  });

  it.each([
    ['https://eu2-cloud.acronis.com/bc', "write the data center's URL without a path"],
    ['https://eu2-cloud.acronis.com:8443', 'it names a port; leave it out'],
    ['https://id:canary@eu2-cloud.acronis.com', 'it carries a user name or password; leave them out'],
    ['https://eu2-cloud.acronis.com?a=b', 'without a path'],
    ['https://example.com', 'its host is not in acronis.hosts (*.acronis.com, *.acronis.cloud)'],
    ['https://acronis.com', 'its host is not in acronis.hosts'],
    ['https://10.0.0.1', 'its host is not in acronis.hosts'],
    ['eu2-cloud.acronis.com', 'it begins with https://'],
    ['ftp://eu2-cloud.acronis.com', 'it begins with https://'],
  ])('%s is refused, as the operator refuses it', async (url, sentence) => {
    const said = await refusal({ credentials: { ...own, url } });
    expect(said).toContain(sentence);
    expect(said).not.toContain('canary');
  });

  it('may be http and any host and port for the sandbox', async () => {
    const values = { acronis: { allowInsecure: true }, credentials: { ...own, url: 'http://127.0.0.1:8080' } };
    expect((await rendered(values)).kinds('Secret')).toHaveLength(1);
  });
});
