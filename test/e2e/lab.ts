/**
 * A one-node cluster made for the test by a directory of scripts: up.sh, load.sh, in.sh and down.sh. It has kubelet and containerd, lives in a network
 * namespace of its own, and is built with Go the first time. Whatever it started is gone after `down`, and after the next `up` should this process be killed.
 */
import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { missingFrom } from '../../tools/cache.ts';
import { PROGRAMS, type Programs } from '../../tools/controlplane/versions.ts';
import { onPath } from '../../tools/on-path.ts';
import type { Progress } from '../../tools/progress.ts';

/** What the scripts use and do not install themselves, with the Debian package that has it. */
const needed = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  sysctl: 'procps',
  pgrep: 'procps',
  curl: 'curl',
  openssl: 'openssl',
};

export class Lab {
  /** kubectl is among them. */
  readonly programs: string;
  readonly #scripts: string;
  readonly #env: { readonly LAB_DIR: string };

  constructor(scripts: string, env: Readonly<Record<string, string | undefined>>) {
    const dir = env['LAB_DIR'] || join(env['HOME'] || homedir(), '.cache', 'upsell-lab');
    this.programs = join(dir, 'bin');
    this.#scripts = scripts;
    this.#env = { LAB_DIR: dir };
  }

  /** Spares the lab the build of what the project has built already: the same programs, of the same minor version at least. */
  async adopt(built: Programs): Promise<void> {
    await mkdir(this.programs, { recursive: true });
    for (const name of await missingFrom(this.programs, PROGRAMS))
      await copyFile(built[name], join(this.programs, name), constants.COPYFILE_FICLONE);
  }

  /** Installs packages, builds what is missing, and resolves when the node is Ready. @throws Error with what the script said last. */
  async up(progress: Progress, signal: AbortSignal): Promise<void> {
    await installMissing();
    await progress.step('bringing up a cluster with one node (minutes of building, but only once)', async (say) => {
      await this.#script('up.sh', [], signal, say);
      // A bridge takes the least address among its ports unless it is given one of its own: with each pod that came or went,
      // the gateway's would change, and the connections of all other pods stood still for up to ten seconds (seen: a lease lost).
      await this.#script('in.sh', ['ip', 'link', 'set', 'dev', 'cni0', 'address', '0a:58:0a:58:00:01'], signal);
    });
  }

  /** Brings an image of buildah's into the node. */
  async load(image: string, progress: Progress, signal: AbortSignal): Promise<void> {
    await progress.step('bringing the image into the node', () => this.#script('load.sh', [image], signal));
  }

  /** Runs a command where the cluster can be reached, with KUBECONFIG and HOST_IP set; resolves to its exit code. */
  async run(command: readonly string[], env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number> {
    const { exitCode } = await execa('bash', [join(this.#scripts, 'in.sh'), ...command], {
      env: { ...this.#env, ...env },
      stdio: 'inherit',
      reject: false,
      cancelSignal: signal,
      // It cleans up after itself on SIGTERM.
      forceKillAfterDelay: 30_000,
    });
    return exitCode ?? 1;
  }

  async down(progress: Progress): Promise<void> {
    // Not to be interrupted: half a cluster would be left.
    await progress.step('taking the cluster down', () => this.#script('down.sh', [], new AbortController().signal));
  }

  async #script(
    name: string,
    args: readonly string[],
    signal: AbortSignal,
    say?: (detail: string) => void,
  ): Promise<void> {
    signal.throwIfAborted();
    const last: string[] = [];
    // A process group of its own: Ctrl-C in the terminal reaches this process only, which then ends the group, compilers included.
    const child = execa('bash', [join(this.#scripts, name), ...args], {
      env: this.#env,
      stdin: 'ignore',
      all: true,
      buffer: false,
      reject: false,
      detached: true,
    });
    const end = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    signal.addEventListener('abort', end, { once: true });
    try {
      for await (const line of child.iterable({ from: 'all' })) {
        last.push(line);
        say?.(line);
      }
      const { exitCode } = await child;
      signal.throwIfAborted();
      if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}: ${last.slice(-8).join('\n')}`);
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
}

async function installMissing(): Promise<void> {
  const packages = new Set<string>();
  for (const [program, from] of Object.entries(needed))
    if ((await onPath(program, process.env)) === undefined) packages.add(from);
  if (packages.size === 0) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await execa('apt-get', ['update', '-qq'], { env });
  await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}
