/** How GitOps tools judge objects, by the code those tools have: kstatus (Flux, Helm), and Argo CD's Lua with this project's health check. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as z from 'zod';
import { goProgram } from '../go-program.ts';
import type { Progress } from '../progress.ts';

export const healthCheck = fileURLToPath(new URL('../../deploy/argocd/health.lua', import.meta.url));
const module = fileURLToPath(new URL('.', import.meta.url));

const judgement = z.object({ status: z.string(), message: z.string() });
const judgements = z.array(z.object({ argo: judgement, kstatus: judgement }));
export type Judgement = z.output<typeof judgements>[number];

export const gitopsProgram = (progress: Progress, signal: AbortSignal): Promise<string> =>
  goProgram({ name: 'gitops', module, from: '.' }, { progress }, signal);

/** @throws Error with the program's message where the script or an object cannot be read. */
export async function judge(program: string, objects: readonly object[]): Promise<readonly Judgement[]> {
  const { stdout } = await execa(program, [healthCheck], { input: JSON.stringify(objects) });
  return judgements.parse(JSON.parse(stdout));
}
