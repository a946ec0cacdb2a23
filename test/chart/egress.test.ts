/** Where the pods may go, with a network policy, a proxy, and certificates of one's own. */
import { BlockList, isIP } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { Cluster, refusal, rendered } from './chart.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
const policySchema = z.object({
  spec: z.object({
    egress: z.array(
      z.object({
        ports: z.array(z.object({ port: z.number(), protocol: z.string() })),
        to: z.array(z.object({ ipBlock: z.object({ cidr: z.string() }) })).optional(),
      }),
    ),
  }),
});

/** `port: where to` of each rule, over TCP; `any` where it is open to everywhere. */
async function egress(values: object): Promise<string[]> {
  const all = await rendered({ ...values });
  await cluster.accepts(all.text);
  return all
    .only('NetworkPolicy', policySchema)
    .spec.egress.flatMap(({ ports, to }) =>
      ports
        .filter(({ protocol }) => protocol === 'TCP')
        .map(({ port }) => `${port}: ${to?.map(({ ipBlock }) => ipBlock.cidr).join() ?? 'any'}`),
    );
}

interface Packet {
  readonly to: string;
  readonly port: number;
  readonly protocol?: 'UDP' | 'TCP';
}

/** Whether a policy that is rendered with these values lets a packet out, as a network plugin judges it. */
async function letsOut({ to: address, port, protocol = 'TCP' }: Packet, values: object): Promise<boolean> {
  const { spec } = (await rendered({ ...values })).only('NetworkPolicy', policySchema);
  return spec.egress.some(
    ({ ports, to }) =>
      ports.some((each) => each.port === port && each.protocol === protocol) &&
      (to === undefined || to.some(({ ipBlock: { cidr } }) => contains(cidr, address))),
  );
}

function contains(cidr: string, address: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  const family = (ip: string) => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  const block = new BlockList();
  block.addSubnet(network, Number(prefix), family(network));
  return block.check(address, family(address));
}

const narrow = { networkPolicy: { acronisCIDRs: ['203.0.113.0/24'] } };
const dns = (to: string, port = 53): Packet[] => [
  { to, port, protocol: 'UDP' },
  { to, port, protocol: 'TCP' },
];

describe('where Acronis is narrowed to its addresses, the network policy lets out what a cluster needs', () => {
  it.each<[platform: string, packets: Packet[]]>([
    ['kubeadm', [...dns('10.244.0.3'), { to: '10.96.0.1', port: 443 }, { to: '192.168.1.10', port: 6443 }]],
    ['OpenShift', [...dns('10.128.0.5', 5353), { to: '172.30.0.1', port: 443 }, { to: '10.0.0.5', port: 6443 }]],
    ['a node-local DNS cache', dns('169.254.20.10')],
    [
      'AWS (its resolver, the interfaces of EKS in the VPC)',
      [...dns('169.254.169.253'), { to: '10.0.12.7', port: 443 }],
    ],
    [
      'AWS with a secondary range for pods',
      [
        { to: '172.20.0.1', port: 443 },
        { to: '100.64.3.4', port: 443 },
      ],
    ],
    ['AWS over IPv6', [...dns('fd00:ec2::253'), { to: 'fd12:3456::1', port: 443 }]],
    ['GKE', [{ to: '172.16.0.2', port: 443 }]],
    ['Acronis', [{ to: '203.0.113.9', port: 443 }]],
  ])('%s', async (_, packets) => {
    for (const packet of packets) expect(await letsOut(packet, narrow), JSON.stringify(packet)).toBe(true);
  });

  it.each<[what: string, packet: Packet]>([
    ['another host on 443', { to: '198.51.100.1', port: 443 }],
    ["a cloud's metadata service", { to: '169.254.169.254', port: 80 }],
    ['the same over IPv6', { to: 'fd00:ec2::254', port: 80 }],
    ['mail', { to: '203.0.113.9', port: 25 }],
    ['Acronis without TLS', { to: '203.0.113.9', port: 80 }],
  ])('and not %s', async (_, packet) => expect(await letsOut(packet, narrow)).toBe(false));

  it('an API server with a public address (AKS, EKS over IPv6) is named in apiServerCIDRs', async () => {
    for (const [to, range] of [
      ['20.50.1.2', '20.50.1.2/32'],
      ['2600:1f18::7', '2600:1f18::/32'],
    ] as const) {
      const packet = { to, port: 443 };
      expect(await letsOut(packet, {})).toBe(true);
      expect(await letsOut(packet, narrow)).toBe(false);
      expect(await letsOut(packet, { networkPolicy: { ...narrow.networkPolicy, apiServerCIDRs: [range] } })).toBe(true);
    }
  });
});

describe('the network policy', () => {
  it('lets DNS out to everywhere, on the ports of a node-local cache and of OpenShift, over UDP and TCP', async () => {
    const { spec } = (await rendered()).only('NetworkPolicy', policySchema);
    const open = spec.egress.filter(({ to }) => to === undefined).flatMap(({ ports }) => ports);
    for (const port of [53, 5353])
      for (const protocol of ['UDP', 'TCP']) expect(open).toContainEqual({ port, protocol });
    expect(await egress({ networkPolicy: { dnsPorts: [53] } })).not.toContain('5353: any');
  });

  it('acronisCIDRs have their effect: port 443 is open to nowhere else but a private API server', async () => {
    const open = await egress({ networkPolicy: { acronisCIDRs: ['203.0.113.0/24'] } });
    expect(open.filter((rule) => rule.startsWith('443:'))).toEqual([
      '443: 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7',
      '443: 203.0.113.0/24',
    ]);
    expect(open).toContain('6443: any');
  });

  it('apiServerCIDRs say where the API server is', async () => {
    const open = await egress({
      networkPolicy: { acronisCIDRs: ['203.0.113.0/24'], apiServerCIDRs: ['198.51.100.7/32'] },
    });
    expect(open.filter((rule) => rule.startsWith('443:'))).toEqual(['443: 198.51.100.7/32', '443: 203.0.113.0/24']);
  });

  it.each(['10.0.0.0', '10.0.0.256/8', '10.0.0.0/33', 'x/8', '::/129'])(
    '%s, which is no CIDR, is refused',
    async (cidr) => {
      expect(await refusal({ networkPolicy: { acronisCIDRs: [cidr] } })).toContain('acronisCIDRs');
    },
  );
});

const pod = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([z.object({ env: z.array(z.unknown()), volumeMounts: z.array(z.unknown()) })]),
        volumes: z.array(z.unknown()),
      }),
    }),
  }),
});
const podOf = async (values: object) => {
  const all = await rendered({ ...values });
  await cluster.accepts(all.text);
  const { containers, volumes } = all.only('Deployment', pod).spec.template.spec;
  return { ...containers[0], volumes };
};

it.each(['*.co.uk', '*.com', '*.github.io'])(
  'hosts below the public suffix %s are refused, as the operator refuses them',
  async (host) => {
    expect(await refusal({ acronis: { hosts: [host] } })).toContain(`acronis.hosts has "${host}"`);
  },
);

describe('a proxy', () => {
  it.each([
    ['http://proxy.example.com:3128', '3128: any'],
    ['http://proxy.example.com', '80: any'],
    ['https://proxy.example.com/', '443: any'],
    ['http://[2001:db8::1]:8080', '8080: any'],
  ])(
    '%s is HTTPS_PROXY of the pod, and the policy lets it out there and no more to Acronis itself',
    async (httpsProxy, rule) => {
      const { env } = await podOf({ proxy: { httpsProxy, noProxy: 'a.example' } });
      expect(env).toContainEqual({ name: 'HTTPS_PROXY', value: httpsProxy });
      expect(env).toContainEqual({ name: 'NO_PROXY', value: 'a.example' });
      const open = await egress({ proxy: { httpsProxy } });
      expect(open).toContain(rule);
      if (rule !== '443: any') expect(open).not.toContain('443: any');
    },
  );

  it('with its password comes from a Secret, at the addresses and the port that are said', async () => {
    const proxy = { httpsProxySecret: { name: 'proxy', key: 'url' }, port: 8080, cidrs: ['192.0.2.1/32'] };
    const { env } = await podOf({ proxy });
    expect(env).toContainEqual({ name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'proxy', key: 'url' } } });
    expect(await egress({ proxy })).toContain('8080: 192.0.2.1/32');
    const said = await refusal({ proxy: { httpsProxy: 'http://me:canary@proxy:3128' } });
    expect(said).toContain('put the URL into a Secret and name it in proxy.httpsProxySecret');
    expect(said).not.toContain('canary');
  });

  it('beside which Acronis is reached directly as well, where its addresses are given', async () => {
    const open = await egress({
      proxy: { httpsProxy: 'http://p:3128' },
      networkPolicy: { acronisCIDRs: ['203.0.113.0/24'] },
    });
    expect(open).toEqual(expect.arrayContaining(['3128: any', '443: 203.0.113.0/24']));
  });

  it.each(['proxy:3128', 'socks5://proxy:1080', 'http://proxy:3128/path', 'http://proxy:x'])(
    '%s is refused in a sentence',
    async (httpsProxy) => {
      expect(await refusal({ proxy: { httpsProxy } })).toContain('write a URL such as http://proxy.example.com:3128.');
    },
  );
});

describe('certificates of one’s own', () => {
  it.each([
    [{ configMap: 'company' }, { configMap: { name: 'company', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }],
    [
      { secret: 'company', key: 'root.pem' },
      { secret: { secretName: 'company', items: [{ key: 'root.pem', path: 'ca.crt' }] } },
    ],
  ])('%j are a file that node reads', async (extraCA, source) => {
    const { env, volumeMounts, volumes } = await podOf({ extraCA });
    expect(env).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/acronis-upsell-operator/extra-ca/ca.crt' });
    expect(volumeMounts).toContainEqual({
      name: 'extra-ca',
      mountPath: '/etc/acronis-upsell-operator/extra-ca',
      readOnly: true,
    });
    expect(volumes).toContainEqual({ name: 'extra-ca', ...source });
  });

  it('come from one place', async () => {
    expect(await refusal({ extraCA: { configMap: 'a', secret: 'b' } })).toContain('give one of them');
  });
});
