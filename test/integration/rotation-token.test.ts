/** The token of a pod's service account changes while the operator runs. The old one is no longer accepted then, and every connection is cut, so that nothing old is of use. */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { serviceAccount } from '../../sandbox/operator/rights.ts';
import { until } from '../../sandbox/until.ts';
import { untilLogged } from '../support/log-count.ts';
import { startObservingRelay } from '../support/observing-relay.ts';
import { inOrder, OwnWay } from './own-way.ts';
import { PodFiles } from './pod-files.ts';

const created = z.object({ metadata: z.object({ uid: z.string() }) });
const tokenRequest = z.object({ status: z.object({ token: z.string() }) });

/** Tokens of the operator's ServiceAccount, each as good as the Secret that it is bound to. */
class Tokens implements AsyncDisposable {
  readonly #way: OwnWay;
  readonly #agent: Agent;

  private constructor(way: OwnWay, agent: Agent) {
    this.#way = way;
    this.#agent = agent;
  }

  static async of(way: OwnWay): Promise<Tokens> {
    return new Tokens(way, new Agent({ connect: { ca: await readFile(way.controlPlane.caFile) } }));
  }

  async give(secret: string): Promise<string> {
    const { cluster, namespace } = this.#way;
    const made = await cluster.createSecret(namespace, secret, {});
    const { uid } = created.parse(made).metadata;
    const asked = await cluster.call(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
      {
        spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: secret, uid } },
      },
    );
    return tokenRequest.parse(asked).status.token;
  }

  /** Resolves when the API server refuses the token: it remembers good ones for ten seconds. */
  async end(secret: string, token: string): Promise<void> {
    const { cluster, namespace, controlPlane } = this.#way;
    await cluster.call('DELETE', `/api/v1/namespaces/${namespace}/secrets/${secret}`);
    const status = async () => {
      const response = await request(`${controlPlane.server}/version`, {
        dispatcher: this.#agent,
        headers: { authorization: `Bearer ${token}` },
      });
      await response.body.dump();
      return response.statusCode;
    };
    await until('the old token is refused', status, (status) => status === 401);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

it('a token that is replaced in time, as a kubelet does it or by a new file, is taken up, and no call is refused', async () => {
  await using way = await OwnWay.make();
  const { controlPlane, namespace } = way;
  await using tokens = await Tokens.of(way);
  const token = {
    first: await tokens.give('first'),
    second: await tokens.give('second'),
    third: await tokens.give('third'),
  };
  const ca = await readFile(controlPlane.caFile, 'utf8');
  await using files = await PodFiles.mount({ token: token.first, 'ca.crt': ca, namespace });
  await using relay = await startObservingRelay(controlPlane);
  const operator = await way.start(files.wayTo(relay.url));
  await operator.ready(AbortSignal.timeout(30_000));
  await untilLogged(() => way.log, 'in-cluster service account');
  await way.becomesReady('first');

  for (const [name, change] of [
    ['second', () => files.swap({ token: token.second })],
    ['third', () => files.replace('token', token.third)],
  ] as const) {
    const bearer = `Bearer ${token[name]}`;
    await change();
    // The lease is renewed every two seconds.
    await until(
      'the new token is used',
      () => relay.seen.at(-1)?.authorization,
      (last) => last === bearer,
    );
    await way.becomesReady(`${name}-with-the-watch-that-is-open`);
    const before = relay.seen.length;
    relay.cut();
    await way.becomesReady(`${name}-with-a-new-watch`);
    const after = relay.seen.slice(before);
    expect(after.some(({ url }) => url.includes('watch=true'))).toBe(true);
    expect(new Set(after.map(({ authorization }) => authorization))).toEqual(new Set([bearer]));
  }
  const metrics = await (await fetch(operator.metrics)).text();
  expect(metrics).toMatch(/^rest_client_requests_total\{.*code="200"/m);
  expect(metrics).not.toMatch(/^rest_client_requests_total\{.*code="401"/m);
  expect(await way.stop()).toEqual(inOrder);
});

it('a token that is replaced too late costs refusals, and no restart', async () => {
  await using way = await OwnWay.make();
  const { controlPlane, namespace } = way;
  await using tokens = await Tokens.of(way);
  const first = await tokens.give('first');
  const ca = await readFile(controlPlane.caFile, 'utf8');
  await using files = await PodFiles.mount({ token: first, 'ca.crt': ca, namespace });
  const operator = await way.start(files.wayTo(controlPlane.server));
  await operator.ready(AbortSignal.timeout(30_000));
  await way.becomesReady('before');

  const second = await tokens.give('second');
  const refusals = async () =>
    /^rest_client_requests_total\{.*code="401"/m.test(await (await fetch(operator.metrics)).text());
  await tokens.end('first', first);
  // The lease is renewed every two seconds.
  await until('the operator is refused', refusals, Boolean);
  await files.swap({ token: second });
  await way.becomesReady('after');
  expect(await way.stop()).toEqual(inOrder);
});
