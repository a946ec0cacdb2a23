/** What a release is published, signed and proved with: crane (images), cosign (signatures), and the registry that the proof pushes to. Built from pinned Go modules. */
import { fileURLToPath } from 'node:url';
import { goProgram } from '../go-program.ts';
import type { Progress } from '../progress.ts';

const module = fileURLToPath(new URL('.', import.meta.url));

const packages = {
  cosign: 'github.com/sigstore/cosign/v3/cmd/cosign',
  crane: 'github.com/google/go-containerregistry/cmd/crane',
  registry: 'github.com/distribution/distribution/v3/cmd/registry',
} as const;

/** Where the program is. @throws ProvisionError, the aborted signal's reason when `signal` ends it. */
export const releaseProgram = (name: keyof typeof packages, progress: Progress, signal: AbortSignal): Promise<string> =>
  goProgram({ name, module, from: packages[name] }, { progress }, signal);
