import { expect, inject, it } from 'vitest';
import { helm } from '../../tools/helm/helm.ts';
import { chartDir, refusal } from './chart.ts';

const own = { url: 'https://eu2-cloud.acronis.com', clientID: 'id', clientSecret: 's' };

it.each([
  ['an unknown value', { replica: 2 }, /additional propert(y|ies) 'replica' not allowed/i],
  [
    'an unknown value further in',
    { acronis: { host: 'x' } },
    /'?\/acronis'?.*additional propert(y|ies) 'host' not allowed/is,
  ],
  ['a word for a number', { replicas: 'two' }, /replicas.*got string, want integer/is],
  ['a number for a word', { image: { tag: 1.1 } }, /image\/tag.*got number, want string/is],
  ['an unknown level', { log: { level: 'loud' } }, /log\/level.*'debug', 'info', 'warn', 'error'/is],
  ['a port that is none', { metrics: { port: 80_800 } }, /metrics\/port.*maximum/is],
  ['a digest cut short', { image: { digest: 'sha256:abc' } }, /image\/digest.*pattern/is],
  [
    'a duration in words',
    { reconcile: { resyncInterval: '5 minutes' } },
    'reconcile.resyncInterval is "5 minutes": write a duration from 1s to 168h, such as 30s, 10m or 1h.',
  ],
  [
    'credentials given twice',
    { credentials: { existingSecret: 'mine', clientSecret: 's' } },
    "credentials.existingSecret and credentials.clientSecret are both set: give the Secret's name or the values, not both.",
  ],
  [
    'credentials given in part',
    { credentials: { url: own.url } },
    'there is no credentials.clientID and no credentials.clientSecret: give all of url, clientID and clientSecret',
  ],
  ['http', { credentials: { ...own, url: 'http://eu2-cloud.acronis.com' } }, 'it begins with https://'],
  ['a URL with its path', { credentials: { ...own, url: 'https://eu2-cloud.acronis.com/bc' } }, 'without a path'],
  [
    'Secrets by name without the right to any',
    { credentials: { perObjectSecrets: { names: ['a'] } } },
    'credentials.perObjectSecrets has namespaces or names but is not enabled',
  ],
  [
    'Secrets of a namespace that is not served',
    { watch: { namespaces: ['a'] }, credentials: { perObjectSecrets: { enabled: true, namespaces: ['b'] } } },
    'credentials.perObjectSecrets.namespaces has "b", which is not in watch.namespaces',
  ],
  ['a namespace that cannot be', { watch: { namespaces: ['Customers'] } }, 'watch.namespaces has "Customers"'],
  [
    'two replicas that do not choose a leader',
    { replicas: 2, leaderElection: { enabled: false } },
    'two pods would do the same work',
  ],
  [
    'a monitor without metrics',
    { metrics: { enabled: false, serviceMonitor: { enabled: true } } },
    'metrics.serviceMonitor.enabled needs metrics.enabled',
  ],
  ['one port for two things', { metrics: { port: 8081 } }, 'metrics.port and probes.port are both 8081'],
])('%s is refused with a sentence that helps', async (_what, values, sentence) => {
  const said = await refusal(values);
  if (typeof sentence === 'string') expect(said).toContain(sentence);
  else expect(said).toMatch(sentence);
});

it('no secret is in what a refusal says', async () => {
  const said = await refusal({ credentials: { ...own, url: 'http://x', clientSecret: 'canary-secret' } });
  expect(said).not.toContain('canary-secret');
});

it.each([
  ['without values', {}],
  ['with the repository taken away', { image: { repository: null } }],
  ['with a digest alone', { image: { digest: `sha256:${'a'.repeat(64)}` } }],
])('the chart of the source is not installed %s: no image is published that it could name', async (_what, values) => {
  const options = { helm: inject('helm'), stdin: JSON.stringify(values) };
  const { stderr } = await helm(options, ['template', 'demo', chartDir, '--values', '-']);
  expect(stderr).toContain('image.repository is empty, and no image is published with this chart: build one');
});
