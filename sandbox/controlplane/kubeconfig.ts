/** Writes the files from which a Kubernetes client knows the API server's address and its own credentials. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface Identity {
  /** Names the file; one of the same name is written over. */
  readonly name: string;
  readonly token: string;
  /** Another way to the API server than the direct one: a proxy in front of it, for instance. */
  readonly server?: string;
  readonly namespace?: string;
}

/** Writes a kubeconfig for an identity into the control plane's directory (and so it goes when that goes) and returns its path. */
export async function kubeconfigFor(
  controlPlane: { readonly dir: string; readonly server: string; readonly caFile: string },
  identity: Identity,
): Promise<string> {
  const server = identity.server ?? controlPlane.server;
  const cluster = { server, ...(server.startsWith('https:') ? { 'certificate-authority': controlPlane.caFile } : {}) };
  const namespace = identity.namespace === undefined ? {} : { namespace: identity.namespace };
  const file = join(controlPlane.dir, `${identity.name}.kubeconfig`);
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster }],
    users: [{ name: identity.name, user: { token: identity.token } }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: identity.name, ...namespace } }],
    'current-context': 'sandbox',
  };
  await writeFile(file, stringify(content), { mode: 0o600 });
  return file;
}
