/** `--context`, as kubectl has it, of the commands that read a cluster. The operator itself has none: it serves the cluster that its kubeconfig says. */
import { Option } from 'commander';

export interface ContextFlag {
  readonly context: string | undefined;
}

export const contextOption = (): Option =>
  new Option('--context <name>', 'a context of the kubeconfig (default: its current one)');
