/**
 * Loaded by node before the operator (`--import`): the built operator then runs as it does in a pod, and reads the test's files (SHOWN_POD_FILES)
 * where a pod has its service account.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const inPod = '/var/run/secrets/kubernetes.io/serviceaccount';
const shown = process.env['SHOWN_POD_FILES'] ?? inPod;

/** The same function, with another path. */
const elsewhere = <F extends object>(real: F): F =>
  new Proxy(real, {
    apply(target, self, [path, ...rest]: unknown[]) {
      const there = typeof path === 'string' && path.startsWith(inPod) ? shown + path.slice(inPod.length) : path;
      return typeof target === 'function' ? Reflect.apply(target, self, [there, ...rest]) : undefined;
    },
  });

Object.assign(fs, { readFileSync: elsewhere(fs.readFileSync), statSync: elsewhere(fs.statSync) });
Object.assign(fs.promises, { readFile: elsewhere(fs.promises.readFile) });
syncBuiltinESMExports();
