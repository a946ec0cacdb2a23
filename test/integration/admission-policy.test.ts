/** The ValidatingAdmissionPolicy as Kustomize's component has it, judged by the API server: whatever version that is. */
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { until } from '../../sandbox/until.ts';
import { installCrd } from '../faults/stage.ts';

const policy = fileURLToPath(new URL('../../deploy/kustomize/components/admission-policy/added.yaml', import.meta.url));
const userID = '1c234e69-5469-424a-a6d1-ff5658b387a6';
const tenantID = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
const otherTenant = '11111111-1111-4111-8111-111111111111';

it('a labelled namespace takes objects of its tenant alone, and the refusal is a sentence that helps', async () => {
  const controlPlane = await startControlPlane({ programs: inject('programs') }, AbortSignal.timeout(60_000));
  await using end = new AsyncDisposableStack();
  end.defer(() => controlPlane.stop());
  await installCrd(controlPlane);
  await kubectlOk(controlPlane, ['apply', '-f', policy]);
  await kubectlOk(controlPlane, ['create', 'namespace', 'bound']);
  await kubectlOk(controlPlane, ['label', 'namespace', 'bound', `upsell.acronis.com/tenant-id=${tenantID}`]);
  const create = (namespace: string, spec: object) =>
    kubectl(controlPlane, ['create', '--dry-run=server', '-f', '-'], {
      stdin: JSON.stringify({
        apiVersion: 'upsell.acronis.com/v1alpha1',
        kind: 'TenantUserUpsell',
        metadata: { name: 'one', namespace },
        spec,
      }),
    });
  // A policy counts from a little after it was made.
  const refused = await until(
    'the policy counts',
    () => create('bound', { userID, tenantID: otherTenant }),
    ({ exitCode }) => exitCode !== 0,
    { withinMs: 30_000 },
  );
  expect(refused.stderr).toContain(`namespace bound serves tenant ${tenantID} only, not ${otherTenant}`);
  expect((await create('bound', { userID })).stderr).toContain('set spec.tenantID to it');
  expect((await create('bound', { userID, tenantID })).exitCode).toBe(0);
  expect((await create('default', { userID, tenantID: otherTenant })).exitCode).toBe(0);
}, 120_000);
