/**
 * Makes docs/cli.svg, the picture of the command line in the README, from real runs of it: the built program beside a control plane, the operator and a stand-in
 * for Acronis. Run it with `node scripts/cli-picture.ts` after `npm run build`.
 */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { startSandbox } from '../sandbox/acronis/sandbox.ts';
import { startControlPlane } from '../sandbox/controlplane/controlplane.ts';
import { kubectlOk } from '../sandbox/controlplane/kubectl.ts';
import { leaveOnSignals } from '../sandbox/leaving.ts';
import { bundle, startOperator } from '../sandbox/operator/process.ts';
import { until } from '../sandbox/until.ts';
import { provision } from '../tools/controlplane/provision.ts';
import { createProgress } from '../tools/progress.ts';
import { drawTerminal, type Line, parseLine } from './terminal-picture.ts';

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const signal = leaveOnSignals();

await using end = new AsyncDisposableStack();
const programs = await provision({ progress: createProgress() }, signal);
const controlPlane = await startControlPlane({ programs }, signal);
end.defer(() => controlPlane.stop());
const acronis = await startSandbox({ users: 40 });
end.defer(() => acronis.stop());
const folder = await mkdtemp(join(tmpdir(), 'upsell-picture-'));
end.defer(() => rm(folder, { recursive: true, force: true }));
const kubectl = (...args: string[]) => kubectlOk(controlPlane, args, { signal });
await kubectl('apply', '-f', root('crds'));
await kubectl('wait', '--for=condition=Established', '--timeout=30s', '-f', root('crds'));
await kubectl('create', 'namespace', 'buyers');
await kubectl('config', 'set-context', '--current', '--namespace=buyers');
await copyFile(controlPlane.kubeconfig, join(folder, 'partner.kubeconfig'));
const operator = await startOperator({ kubeconfig: controlPlane.kubeconfig, acronis });
end.defer(async () => void (await operator.stop()));
await operator.ready(signal);

const env = {
  KUBECONFIG: 'partner.kubeconfig',
  ACRONIS_URL: acronis.url,
  ACRONIS_CLIENT_ID: acronis.clientId,
  ACRONIS_CLIENT_SECRET: acronis.clientSecret,
  ALLOW_INSECURE_ACRONIS: 'true',
  FORCE_COLOR: '1',
  COLUMNS: '118',
};
const lines: Line[] = [];
/** One command as it was given, and what it said. @returns its standard output. */
async function show(args: readonly string[], { said = args.join(' '), isQuiet = false } = {}): Promise<string> {
  const { stdout, stderr, exitCode } = await execa(process.execPath, [bundle, ...args], {
    env,
    reject: false,
    cwd: folder,
  });
  if (exitCode === 1) throw new Error(`kubectl upsell ${said} failed: ${stderr}`);
  if (lines.length > 0) lines.push([]);
  lines.push(parseLine(`\u001b[1m$ kubectl upsell ${said}\u001b[0m`));
  // On a terminal both are seen, unless the output goes to a file.
  const seen = [isQuiet ? '' : stdout, stderr].flatMap((text) => (text === '' ? [] : text.trimEnd().split('\n')));
  lines.push(...seen.map(parseLine));
  return stdout;
}

const tenant = acronis.cast.tenants.partner;
await show(['check']);
const imported = await show(['import', `--tenant=${tenant}`], {
  said: `import --tenant=${tenant} > buyers.yaml`,
  isQuiet: true,
});
await writeFile(join(folder, 'buyers.yaml'), imported);
await show(['plan', '-f', 'buyers.yaml']);
lines.push([], parseLine('\u001b[1m$ kubectl apply -f buyers.yaml\u001b[0m'));
await kubectl('apply', '-f', join(folder, 'buyers.yaml'));
await until(
  'all are Ready',
  async () =>
    (await kubectl('get', 'tuu', '-o', 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}')).split(' '),
  (ready) => ready.length > 0 && ready.every((each) => each === 'True'),
  { withinMs: 60_000, signal },
);
await show(['plan', '--cluster']);
await show(['status']);
await writeFile(
  root('docs/cli.svg'),
  drawTerminal(lines, {
    name: 'kubectl upsell',
    title:
      'kubectl upsell: check finds nothing wrong, import prints the company administrators of a partner, plan says who would become a buyer, and after they are applied status shows all of them ready',
  }),
);
