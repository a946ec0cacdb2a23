import { defineConfig } from 'vitest/config';

// Three kinds of test, by what they need: nothing (unit), loopback servers of our own (sandbox), a real control plane (integration).
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], environment: 'node' } },
      { test: { name: 'sandbox', include: ['test/sandbox/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/integration/control-plane.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // One control plane serves all files; each file has namespaces of its own. Two cores feed two files at once.
          maxWorkers: 2,
        },
      },
    ],
  },
});
