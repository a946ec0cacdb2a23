/** The built program as a person runs it, with the flags of the image: arguments in, text and exit code out; on a terminal of its own (a pseudo-terminal of util-linux) where one is asked for. */
import { execa } from 'execa';
import { bundle } from '../../sandbox/operator/process.ts';
import { v8Flags } from '../../src/process/v8-flags.ts';

export interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Variables of this machine that would change what is said. */
const neutral = {
  KUBECONFIG: '',
  HTTPS_PROXY: '',
  https_proxy: '',
  NO_PROXY: '',
  no_proxy: '',
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  COLUMNS: '',
};

export async function command(args: readonly string[], { env = {}, stdin = '' }: RunOptions = {}): Promise<Ran> {
  const ended = await execa(process.execPath, [...v8Flags, bundle, ...args], {
    env: { ...neutral, ...env },
    input: stdin,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 200_000_000,
  });
  return { exitCode: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr };
}
