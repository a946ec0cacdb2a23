import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
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
