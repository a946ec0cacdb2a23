// What `helm test` runs: all pods of the release answer /readyz, within SECONDS.
import { readFileSync } from 'node:fs';

const account = '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: apiPort, SELECTOR, PORT, PODS, SECONDS } = process.env;
const urlHost = (address) => (address.includes(':') ? `[${address}]` : address);
const read = (name) => readFileSync(`${account}/${name}`, 'utf8').trim();

async function problem() {
  const pods = `https://${urlHost(host)}:${apiPort}/api/v1/namespaces/${read('namespace')}/pods`;
  const answer = await fetch(`${pods}?labelSelector=${encodeURIComponent(SELECTOR)}`, {
    headers: { authorization: `Bearer ${read('token')}` },
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok) return `the API server answered ${answer.status} for the list of pods`;
  const { items } = await answer.json();
  const running = items.filter(({ metadata, status }) => !metadata.deletionTimestamp && status.podIP);
  if (running.length < Number(PODS)) return `${running.length} of ${PODS} pods have an address`;
  for (const { metadata, status } of running) {
    const url = `http://${urlHost(status.podIP)}:${PORT}/readyz?verbose`;
    const ready = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const text = await ready.text();
    if (!ready.ok) return `${metadata.name} is not ready:\n${text}`;
    console.log(`${metadata.name}\n${text}`);
  }
}

const end = Date.now() + Number(SECONDS) * 1000;
for (;;) {
  const found = await problem().catch((error) => `${error.message}: ${error.cause?.message ?? 'no answer'}`);
  if (found === undefined) break;
  if (Date.now() > end) {
    console.error(found);
    process.exit(1);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
console.log('All pods are ready.');
