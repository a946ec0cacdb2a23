/** The programs of a control plane: where they are in a directory, their entries in the cache, and how Go builds them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GoBuild } from '../build.ts';
import { cacheOf } from '../cache.ts';
import { BUILT_VERSION, GO_PACKAGES, PROGRAMS, type Programs } from './versions.ts';

export function programsIn(dir: string): Programs {
  return {
    etcd: join(dir, 'etcd'),
    'kube-apiserver': join(dir, 'kube-apiserver'),
    kubectl: join(dir, 'kubectl'),
  };
}

export const { findEntry, addEntry } = cacheOf(PROGRAMS, programsIn);

export const controlPlane: GoBuild = {
  module: fileURLToPath(new URL('.', import.meta.url)),
  packages: Object.fromEntries(PROGRAMS.map((name) => [name, GO_PACKAGES[name]])),
  version: `-X k8s.io/component-base/version.gitVersion=${BUILT_VERSION}`,
};
