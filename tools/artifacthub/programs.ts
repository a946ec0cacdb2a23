/** Artifact Hub's own linter, with which it judges a chart before it lists it. In a module of its own, since few need it and it asks for much. */
import { fileURLToPath } from 'node:url';
import { goProgram } from '../go-program.ts';
import type { Progress } from '../progress.ts';

const module = fileURLToPath(new URL('.', import.meta.url));

/** Where the program is. @throws ProvisionError, the aborted signal's reason when `signal` ends it. */
export const artifactHubLinter = (progress: Progress, signal: AbortSignal): Promise<string> =>
  goProgram({ name: 'ah', module, from: 'github.com/artifacthub/hub/cmd/ah' }, { progress }, signal);
