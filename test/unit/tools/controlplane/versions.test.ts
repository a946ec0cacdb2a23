import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { matrixTable, tableIn, withMatrixTable } from '../../../../scripts/matrix-table.ts';
import { matrix, minorOf, moduleOf } from '../../../../tools/controlplane/matrix.ts';
import {
  BUILT_VERSION,
  ENVTEST_SHA512,
  ENVTEST_VERSION,
  GO_PACKAGES,
} from '../../../../tools/controlplane/versions.ts';
import { platformName } from '../../../../tools/platform.ts';

const goMod = await readFile(new URL('../../../../tools/controlplane/go.mod', import.meta.url), 'utf8');

test('the version written into the programs is the one go.mod builds', () => {
  expect(goMod).toMatch(new RegExp(`^(require|\\s)\\s*k8s\\.io/kubernetes ${BUILT_VERSION}( |$)`, 'm'));
});

test('every program that is built is a tool of go.mod', () => {
  const tools = /^tool \(\n([^)]*)\)/m.exec(goMod)?.[1]?.trim().split(/\s+/);
  expect(tools?.toSorted()).toEqual(Object.values(GO_PACKAGES).toSorted());
});

test('each version of the matrix is the one that its module builds, and the README shows these or none', async () => {
  for (const { version } of matrix) {
    if (version === BUILT_VERSION) continue;
    const text = await readFile(`${moduleOf(version)}/go.mod`, 'utf8');
    expect(text).toMatch(new RegExp(`^(require|\\s)\\s*k8s\\.io/kubernetes ${version}( |$)`, 'm'));
    expect(text).toMatch(/^tool k8s\.io\/kubernetes\/cmd\/kube-apiserver$/m);
  }
  expect(new Set(matrix.map(({ version }) => minorOf(version))).size).toBe(matrix.length);
  const readme = await readFile(new URL('../../../../README.md', import.meta.url), 'utf8');
  // Nothing where the matrix was changed and did not run since.
  expect(['', matrixTable()]).toContain(tableIn(readme));
  expect(tableIn(withMatrixTable(readme))).toBe(matrixTable());
});

test('the oldest version of the matrix is the oldest that the chart accepts', async () => {
  const chart = new URL('../../../../deploy/helm/acronis-upsell-operator/Chart.yaml', import.meta.url);
  const oldest = minorOf(matrix.at(-1)?.version ?? '').slice(1);
  expect(await readFile(chart, 'utf8')).toContain(`kubeVersion: ">=${oldest}.0-0"`);
});

test('download and build are of the same minor version', () => {
  const minor = (version: string): string => version.split('.').slice(0, 2).join('.');
  expect(minor(ENVTEST_VERSION)).toBe(minor(BUILT_VERSION));
});

test('the pinned checksums have the length of a SHA-512', () => {
  for (const sum of Object.values(ENVTEST_SHA512)) expect(sum).toMatch(/^[0-9a-f]{128}$/);
});

test('platforms have the names that Go gives them', () => {
  expect(platformName('linux', 'x64')).toBe('linux-amd64');
  expect(platformName('darwin', 'arm64')).toBe('darwin-arm64');
});
