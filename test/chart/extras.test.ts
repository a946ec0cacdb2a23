/** What the release may have besides the chart's own: names and DNS of the pods, and objects of the user's. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import { refusal, rendered } from './chart.ts';

const pod = z.object({
  spec: z.object({
    template: z.object({ spec: z.looseObject({}) }),
  }),
});
const podOf = async (values: object) => (await rendered({ ...values })).only('Deployment', pod).spec.template.spec;

it('the pods know the names of hostAliases, and have the DNS settings of dnsConfig', async () => {
  const hostAliases = [{ ip: '10.0.0.7', hostnames: ['eu2-cloud.acronis.com'] }];
  const dnsConfig = { nameservers: ['10.0.0.53'], options: [{ name: 'ndots', value: '1' }, { name: 'edns0' }] };
  expect(await podOf({ hostAliases, dnsConfig })).toMatchObject({ hostAliases, dnsConfig });
});

it('without them the pods have those of the cluster', async () => {
  const spec = await podOf({});
  expect(Object.keys(spec).filter((key) => ['hostAliases', 'dnsConfig'].includes(key))).toEqual([]);
});

it('extraObjects are part of the release as they are; those given as text may name values', async () => {
  const asGiven = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'given' }, data: { braces: '{{ kept }}' } };
  const text = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-text
data:
  url: {{ .Values.credentials.url | quote }}
`;
  const all = await rendered({ extraObjects: [asGiven, text] });
  expect(all.kinds('ConfigMap')).toEqual([
    expect.objectContaining(asGiven),
    expect.objectContaining({ metadata: { name: 'demo-text' }, data: { url: '' } }),
  ]);
});

it.each([
  ['an alias without an address', { hostAliases: [{ hostnames: ['a'] }] }, /hostAliases.*missing propert.*'ip'/is],
  ['an alias without names', { hostAliases: [{ ip: '10.0.0.7', hostnames: [] }] }, /hostAliases.*minItems/is],
  ['a DNS setting that there is not', { dnsConfig: { server: 'a' } }, /dnsConfig.*'server' not allowed/is],
  [
    'an object without a kind',
    { extraObjects: [{ apiVersion: 'v1', metadata: { name: 'a' } }] },
    /extraObjects.*'kind'/is,
  ],
])('%s is refused', async (_what, values, sentence) => {
  expect(await refusal(values)).toMatch(sentence);
});
