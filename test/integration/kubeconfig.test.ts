/** The real kubectl with each setup of kubeconfig/setups.ts: it does what the operator's client does (test/unit/kubernetes/connection/kubeconfig/kubeconfig.test.ts). */
import { execa } from 'execa';
import { describe, expect, inject, it } from 'vitest';
import { rows, testedBy } from '../unit/kubernetes/connection/kubeconfig/setups.ts';

const tested = testedBy(async ({ sent }, { env, flag }) => {
  const args = ['get', 'pods', '-o', 'name', ...(flag === undefined ? [] : ['--kubeconfig', flag])];
  const { exitCode, stderr } = await execa(inject('controlPlane').kubectl, args, {
    cwd: '/',
    env: { ...env, KUBERC: 'off' },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: 30_000,
  });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: sent === 'refused' ? 1 : 0 });
});

describe('kubectl does with a kubeconfig what the table says', () => {
  it.for(rows.filter(({ unlikeKubectl }) => unlikeKubectl === undefined))('$name', tested);
});
