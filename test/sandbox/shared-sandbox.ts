/** One Acronis sandbox for all tests of a file, as new for each of them, and a client of it that has signed in. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { type Ask, signIn } from './ask.ts';

export let sandbox: Sandbox;
export let ask: Ask;

/** Call once in a test file. */
export function shareSandbox(options: SandboxOptions = {}): void {
  beforeAll(async () => {
    sandbox = await startSandbox(options);
  });
  afterAll(() => sandbox.stop());
  beforeEach(async () => {
    sandbox.reset();
    sandbox.reseed();
    ask = await signIn(sandbox);
  });
}
