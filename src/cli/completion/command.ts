/**
 * `completion bash|zsh|fish` prints a script for the shell; the script asks the hidden command `__complete` for the words that may come next, as the programs of
 * Kubernetes do. So one place knows them, commander's own tree, and kubectl's plugin completion asks it too.
 */
import { Argument, type Command } from 'commander';
import type { CommandLine } from '../program.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function addCompletion(program: Command, { terminal, run }: CommandLine): Command {
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((words: readonly string[]) =>
      run(async () => {
        const { candidates } = await import('./candidates.ts');
        await terminal.out.write(
          candidates(program, words)
            .map((each) => `${each}\n`)
            .join(''),
        );
        return 0;
      }),
    );
  return program
    .command('completion')
    .description('print a script that completes commands and flags in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(kubectl-upsell completion bash)
  kubectl-upsell completion zsh > "\${fpath[1]}/_kubectl-upsell"
  kubectl-upsell completion fish > ~/.config/fish/completions/kubectl-upsell.fish

kubectl completes its plugins where an executable kubectl_complete-upsell is on the PATH:
  printf '#!/bin/sh\\nexec kubectl-upsell __complete "$@"\\n' > ~/bin/kubectl_complete-upsell
  chmod +x ~/bin/kubectl_complete-upsell`,
    )
    .action((shell: Shell) =>
      run(async () => {
        const { scriptFor } = await import('./scripts.ts');
        await terminal.out.write(scriptFor(shell));
        return 0;
      }),
    );
}
