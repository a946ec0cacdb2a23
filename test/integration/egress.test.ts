/** The way to Acronis through the proxy of HTTPS_PROXY, with the operator as it is shipped: a real tunnel, TLS with Acronis inside of it, and the API server reached directly. */
import { expect, inject, it } from 'vitest';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { until } from '../../sandbox/until.ts';
import { readyOf } from '../faults/cluster.ts';
import { ConnectProxy, type ConnectProxyOptions } from '../support/connect-proxy.ts';
import { certificateFile, startDataCenter } from '../support/data-center.ts';
import { inOrder, OwnWay } from './own-way.ts';

async function behindProxy(options: ConnectProxyOptions, env: (proxy: string) => Readonly<Record<string, string>>) {
  const way = await OwnWay.make();
  const port = await startDataCenter(way.world.acronis.url);
  const proxy = await ConnectProxy.start({ leadsTo: `127.0.0.1:${port}`, ...options });
  const { host } = new URL(proxy.url);
  const { server } = way.controlPlane;
  const kubeconfig = await kubeconfigFor(inject('controlPlane'), { name: way.namespace, token: way.token, server });
  const operator = await way.start({
    kubeconfig,
    acronisUrl: 'https://eu2-cloud.acronis.com',
    env: { NODE_EXTRA_CA_CERTS: certificateFile, ...env(`http://jane:canary-p%40ss@${host}`) },
  });
  await operator.ready(AbortSignal.timeout(30_000));
  const untilSaid = async (name: string, words: RegExp): Promise<string> => {
    const message = async () => {
      const object = (await way.cluster.list(way.namespace)).find(({ metadata }) => metadata.name === name);
      return object === undefined ? '' : (readyOf(object)?.message ?? '');
    };
    return await until(`${name} says ${words}`, message, (said) => words.test(said), { withinMs: 60_000 });
  };
  const dispose = async () => {
    await way[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  };
  return { way, proxy, host, untilSaid, [Symbol.asyncDispose]: dispose };
}

it.each(['HTTPS_PROXY', 'https_proxy'])(
  'with %s, Acronis is reached through the proxy and by no other way, and the API server directly',
  async (variable) => {
    await using behind = await behindProxy({}, (url) => ({ [variable]: url }));
    const { way, proxy, host } = behind;
    await way.becomesReady('one');
    expect(await way.stop()).toEqual(inOrder);
    expect(new Set(proxy.tunnels)).toEqual(new Set(['eu2-cloud.acronis.com:443']));
    const credentials = Buffer.from('jane:canary-p@ss').toString('base64');
    expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${credentials}`]));
    expect(way.log).toContain(host);
    for (const secret of ['canary', 'jane', credentials]) expect(way.log).not.toContain(secret);
  },
);

it.each([407, 502])(
  'a proxy that responds to CONNECT with %i is named with it, and its password is nowhere',
  async (status) => {
    await using behind = await behindProxy({ status }, (url) => ({ HTTPS_PROXY: url }));
    const { way, host, untilSaid } = behind;
    await way.world.workload.create('one');
    const said = await untilSaid('one', new RegExp(String(status)));
    expect(said).toContain(host);
    expect(await way.stop()).toEqual(inOrder);
    for (const secret of ['canary', 'jane']) expect(`${said}\n${way.log}`).not.toContain(secret);
  },
);

/** Loaded before the operator: writes where each connection of this process goes, and each name that it resolves. */
const recorder = `
import { subscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { isIP } from 'node:net';
const say = (what) => process.stderr.write('CONNECTION ' + what + '\\n');
subscribe('net.client.socket', ({ socket }) =>
  socket.on('connectionAttempt', (address, port) => say(address + ':' + port)));
for (const holder of [dns, dns.promises]) {
  const lookup = holder.lookup;
  holder.lookup = (name, ...more) => {
    if (isIP(name) === 0) say(name);
    return lookup(name, ...more);
  };
}`;

it('without a proxy, it connects to the API server and to Acronis, and to nothing else', async () => {
  await using way = await OwnWay.make();
  const { server } = way.controlPlane;
  const operator = await way.start({
    kubeconfig: await kubeconfigFor(inject('controlPlane'), { name: way.namespace, token: way.token, server }),
    nodeFlags: [`--import=data:text/javascript,${encodeURIComponent(recorder)}`],
  });
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('one');
  expect(await way.stop()).toEqual(inOrder);
  const found = new Set([...way.log.matchAll(/^CONNECTION (.*)$/gm)].map(([, where]) => where));
  const expected = [server, way.world.acronis.url].map((url) => new URL(url).host);
  expect([...found].toSorted()).toEqual(expected.toSorted());
});

it('a host of NO_PROXY is reached directly', async () => {
  await using behind = await behindProxy({}, (url) => ({
    HTTPS_PROXY: url,
    NO_PROXY: 'example.com, .invalid',
    ACRONIS_URL: 'https://acronis.invalid',
    ACRONIS_HOSTS: 'acronis.invalid',
  }));
  const { way, proxy, untilSaid } = behind;
  await way.world.workload.create('one');
  const said = await untilSaid('one', /^(?!Waiting)./);
  expect(said).not.toMatch(/proxy/i);
  expect(proxy.tunnels).toEqual([]);
  expect(await way.stop()).toEqual(inOrder);
});
