/** The real control plane, and the driver's own way to it: the client of src/kubernetes, with pooled connections. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type ControlPlane, startControlPlane } from '../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../sandbox/controlplane/kubectl.ts';
import { systemClock } from '../src/base/clock.ts';
import type { KubernetesClient } from '../src/kubernetes/calls/client.ts';
import { createKubernetesClient } from '../src/kubernetes/calls/http-client.ts';
import { provision } from '../tools/controlplane/provision.ts';
import type { Progress } from '../tools/progress.ts';
import { connect } from './connect.ts';
import { countWrites, type WriteCounts } from './write-counts.ts';

const crds = fileURLToPath(new URL('../crds', import.meta.url));

export interface Cluster {
  readonly kubeconfig: string;
  readonly client: KubernetesClient;
  /** As the server reports it: `v1.36.3`. */
  readonly version: string;
  createNamespace(name: string): Promise<void>;
  /** What the API server itself has counted since it started. */
  writes(): Promise<WriteCounts>;
  stop(): Promise<void>;
}

export async function startCluster(progress: Progress, signal: AbortSignal): Promise<Cluster> {
  const programs = await provision({ progress }, signal);
  const plane = await progress.step('starting etcd and kube-apiserver', () => startControlPlane({ programs }, signal));
  try {
    await kubectlOk(plane, ['apply', '-f', crds]);
    await kubectlOk(plane, ['wait', '--for=condition=Established', 'crd/tenantuserupsells.upsell.acronis.com']);
    const connection = connect(plane.kubeconfig);
    const client = createKubernetesClient({
      connection,
      clock: systemClock,
      metrics: { requested() {} },
      userAgent: 'acronis-upsell-operator-bench',
    });
    const { gitVersion } = z
      .object({ gitVersion: z.string() })
      .parse(await client.request({ method: 'GET', path: '/version' }, signal));
    return {
      kubeconfig: plane.kubeconfig,
      client,
      version: gitVersion,
      async createNamespace(name) {
        const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
        await client.request({ method: 'POST', path: '/api/v1/namespaces', body }, signal);
      },
      writes: async () => countWrites(await metricsPage(plane)),
      async stop() {
        await connection.close();
        await plane.stop();
      },
    };
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

/** The API server's own /metrics, which is no JSON. */
async function metricsPage(plane: ControlPlane): Promise<string> {
  const ca = await readFile(plane.caFile);
  const headers = { authorization: `Bearer ${plane.token}` };
  return await new Promise((resolve, reject) => {
    const call = request(`${plane.server}/metrics`, { ca, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end();
  });
}
