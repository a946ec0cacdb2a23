/** The first list of a start on servers of either kind: by stream where the API server has it, in pages where it has not, and whole both times. */
import { expect, inject, it, onTestFailed } from 'vitest';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { asked } from '../../sandbox/controlplane/audit.ts';
import { startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubeconfigFor } from '../../sandbox/controlplane/kubeconfig.ts';
import { kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { startOperator } from '../../sandbox/operator/process.ts';
import { grantClusterWide } from '../../sandbox/operator/rights.ts';
import { until } from '../../sandbox/until.ts';
import { installCrd } from '../faults/stage.ts';
import { minorVersionOf } from '../support/api-server-version.ts';

/** More than a page. */
const count = 620;
const namespace = 'acronis-system';

/** Before it was switched on by default a list by stream may not end. */
const hasStreamsByDefault = (await minorVersionOf(inject('programs')['kube-apiserver'])) >= 32;
const ways: readonly [string, boolean][] = [
  ...(hasStreamsByDefault ? ([['by stream', true]] satisfies [string, boolean][]) : []),
  ['in pages', false],
];

it.each(ways)(
  'a fleet of more than a page is listed %s where the server is so',
  async (_how, hasStreams) => {
    const apiServerFlags = [`--feature-gates=WatchList=${hasStreams}`];
    const options = { programs: inject('programs'), audit: true, apiServerFlags };
    const controlPlane = await startControlPlane(options, AbortSignal.timeout(60_000));
    await using end = new AsyncDisposableStack();
    end.defer(() => controlPlane.stop());
    await installCrd(controlPlane);
    await kubectlOk(controlPlane, ['create', 'namespace', namespace]);
    const acronis = await startSandbox({ users: 20 });
    end.defer(() => acronis.stop());
    const userID = acronis.cast.companyAdmin;
    const items = Array.from({ length: count }, (_, at) => ({
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUserUpsell',
      metadata: { name: `object-${at}`, namespace },
      spec: { userID, suspend: true },
    }));
    await kubectlOk(controlPlane, ['create', '-f', '-'], {
      stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
    const token = await grantClusterWide(controlPlane, namespace);
    const kubeconfig = await kubeconfigFor(controlPlane, { name: 'operator', token, namespace });
    const flags = [`--leader-election-namespace=${namespace}`, `--account-namespace=${namespace}`];
    const operator = await startOperator({ kubeconfig, acronis, flags });
    end.defer(async () => void (await operator.stop('SIGKILL')));
    onTestFailed(() => console.error(operator.lines.slice(-20).join('\n')));
    await operator.ready(AbortSignal.timeout(60_000));
    await until(
      'each object was reconciled',
      async () => await (await fetch(operator.metrics)).text(),
      (page) => page.includes(`acronis_upsell_objects{reason="Suspended"} ${count}\n`),
      { withinMs: 60_000 },
    );
    const { auditLog } = controlPlane;
    if (auditLog === undefined) throw new Error('There is no audit log.');
    const user = `system:serviceaccount:${namespace}:acronis-upsell-operator`;
    const requests = (await asked(auditLog, user)).map(({ requestURI }) => requestURI);
    const own = requests.filter((uri) => uri.includes('/tenantuserupsells?'));
    const pages = new Set(own.filter((uri) => /[?&]continue=/.test(uri)));
    const accepted = own.filter((uri) => uri.includes('sendInitialEvents=true'));
    expect(hasStreams ? accepted.length > 0 && pages.size === 0 : pages.size > 0, own.join('\n')).toBe(true);
  },
  180_000,
);
