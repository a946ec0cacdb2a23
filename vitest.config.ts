import { defineConfig } from 'vitest/config';

// Kinds of test, by what they need: nothing (unit), loopback servers of our own (sandbox), a real control plane (integration), helm besides (chart),
// buildah and podman (image), a registry and what signs (release), a cluster with a node (e2e).
//
// RIGHTS=namespaced runs the integration tests once more, with a Role in each namespace instead of a ClusterRole (part of `npm run test:chart`), but for those
// that start no operator in a world, or whose worlds are the same both times.
const namespaced = process.env['RIGHTS'] === 'namespaced';
const notOnceMore = [
  'admission-policy',
  'bench-smoke',
  'cli-completion',
  'cli-docs',
  'cli-plan',
  'cli-proxy',
  'cli-at-size',
  'control-plane',
  'crd',
  'etcd-restored',
  'exec-plugin',
  'faults*',
  'lists',
  'other-crd',
  'rotation-*',
  'second-version',
  'shards',
  'slow-status',
  'startup',
  'traces',
  'upgrade',
].map((each) => `test/integration/${each}.test.ts`);

// How long a condition is waited for where nothing else is said: a busy machine is no failure.
const patience = { testTimeout: 20_000, expect: { poll: { timeout: 10_000 } } };

export default defineConfig({
  test: {
    // After the integration tests the audit log of the whole run is read; a run whose end takes longer than this would count as good.
    teardownTimeout: 60_000,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], environment: 'node', ...patience } },
      { test: { name: 'sandbox', include: ['test/sandbox/**/*.test.ts'], environment: 'node', ...patience } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: namespaced ? notOnceMore : [],
          environment: 'node',
          globalSetup: ['test/integration/control-plane.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // One control plane serves all files; each file has namespaces of its own. Two cores feed two files at once.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/chart/cluster.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'image',
          include: ['test/image/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/release/stage.setup.ts'],
          // Some build a release once more.
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'site',
          include: ['site/test/**/*.test.ts'],
          environment: 'node',
          testTimeout: 300_000,
          // The site is built in it, twice.
          hookTimeout: 900_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          testTimeout: 600_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
