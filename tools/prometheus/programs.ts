/** Prometheus's own tools: promtool, and a reader of expressions made from its parser. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import * as z from 'zod';
import { goProgram } from '../go-program.ts';
import type { Progress } from '../progress.ts';

const module = fileURLToPath(new URL('.', import.meta.url));
/** Without the ways to find targets at some twenty cloud providers, which are most of the build. */
const tags = 'remove_all_sd';

export const promtoolProgram = (progress: Progress, signal: AbortSignal): Promise<string> =>
  goProgram(
    { name: 'promtool', module, from: 'github.com/prometheus/prometheus/cmd/promtool', tags },
    { progress },
    signal,
  );

export const promqlNamesProgram = (progress: Progress, signal: AbortSignal): Promise<string> =>
  goProgram({ name: 'promql-names', module, from: './names' }, { progress }, signal);

const namesSchema = z.array(z.object({ metrics: z.array(z.string()), labels: z.array(z.string()) }));
export type PromqlNames = z.output<typeof namesSchema>[number];

/** The metrics and labels that each expression names. @throws Error with what the parser said where one is none. */
export async function namesIn(program: string, expressions: readonly string[]): Promise<readonly PromqlNames[]> {
  const { stdout } = await execa(program, { input: JSON.stringify(expressions) });
  return namesSchema.parse(JSON.parse(stdout));
}
