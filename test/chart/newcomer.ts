/** Somebody who copies the blocks of README and guide into a shell: with a clone, and an empty cluster in ~/.kube/config. */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, inject, onTestFailed, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { type ControlPlane, startControlPlane } from '../../sandbox/controlplane/controlplane.ts';
import { runBlock, shellBlocks, variablesOf } from '../support/blocks.ts';
import { root } from './chart.ts';
import { Pod } from './pod.ts';

export const readme = join(root, 'README.md');
export const installing = join(root, 'docs/guide/install.md');
export const uninstalling = join(root, 'docs/guide/uninstall.md');
const deployment = 'acronis-upsell-operator';
const image = { IMAGE: 'registry.example.com/acme/acronis-upsell-operator', TAG: '7.7.7' };

/** `docker` that only keeps what was built here and pushed. */
const docker = `#!/bin/sh
case "$1" in
  build) test "$2" = -t && test -f "$4/Dockerfile" && echo "built $3" >> "$DOCKER_LOG" ;;
  push) grep -qx "built $2" "$DOCKER_LOG" && echo "pushed $2" >> "$DOCKER_LOG" ;;
  *) exit 64 ;;
esac
`;

export class Newcomer {
  readonly controlPlane: ControlPlane;
  readonly acronis: Sandbox;
  readonly #home: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(controlPlane: ControlPlane, acronis: Sandbox, home: string) {
    this.controlPlane = controlPlane;
    this.acronis = acronis;
    this.#home = home;
    this.#env = {
      HOME: home,
      KUBECONFIG: '',
      PATH: [join(home, 'bin'), process.env['PATH']].join(delimiter),
      DOCKER_LOG: join(home, 'docker.log'),
      ...image,
      ACRONIS_URL: acronis.url,
      ACRONIS_CLIENT_ID: acronis.clientId,
      ACRONIS_CLIENT_SECRET: acronis.clientSecret,
    };
  }

  static async arrive(): Promise<Newcomer> {
    const { signal } = new AbortController();
    const controlPlane = await startControlPlane({ programs: inject('controlPlanePrograms') }, signal);
    onTestFinished(() => controlPlane.stop());
    const acronis = await startSandbox({ users: 5 });
    onTestFinished(() => acronis.stop());
    const home = await mkdtemp(join(tmpdir(), 'upsell-newcomer-'));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    for (const dir of ['bin', '.kube', 'clone']) await mkdir(join(home, dir));
    await cp(controlPlane.kubeconfig, join(home, '.kube/config'));
    await symlink(controlPlane.kubectl, join(home, 'bin/kubectl'));
    await symlink(inject('helm'), join(home, 'bin/helm'));
    const program = async (name: string, text: string): Promise<void> => {
      await writeFile(join(home, 'bin', name), text);
      await chmod(join(home, 'bin', name), 0o755);
    };
    await program('docker', docker);
    // The bundle has been built before these tests.
    await program('npm', '#!/bin/sh\ncase "$*" in ci | "run build") ;; *) exit 64 ;; esac\n');
    for (const name of ['deploy', 'crds', 'Dockerfile'])
      await cp(join(root, name), join(home, 'clone', name), { recursive: true });
    for (const name of ['dist', 'node_modules', 'package.json'])
      await symlink(join(root, name), join(home, 'clone', name));
    return new Newcomer(controlPlane, acronis, home);
  }

  /** Sets variables as a block of the page says, and holds that these are all. */
  async sets(page: string): Promise<void> {
    const [block = '', ...more] = await shellBlocks(page, 'setup');
    expect(more).toEqual([]);
    const names = variablesOf(block);
    expect(names.toSorted()).toEqual(
      Object.keys(this.#env)
        .filter((name) => names.includes(name))
        .toSorted(),
    );
    expect(names).toContain('ACRONIS_URL');
  }

  /** Types every block below the heading. @throws Error with block and output where a command fails. */
  async types(page: string, heading: string): Promise<void> {
    const blocks = await shellBlocks(page, '', heading);
    expect(blocks.length, heading).toBeGreaterThan(0);
    for (const block of blocks) await this.typesBlock(block);
  }

  async typesBlock(block: string): Promise<void> {
    const { exitCode, said } = await runBlock(block, { cwd: join(this.#home, 'clone'), env: this.#env });
    if (exitCode !== 0) throw new Error(`The shell ended with ${exitCode}:\n${block}\n${said}`);
  }

  /** Types a block that goes on until it is stopped; it ends with the test. */
  leavesRunning(block: string, env: Readonly<Record<string, string>>): Promise<{ exitCode: number; said: string }> {
    const stop = new AbortController();
    const ended = runBlock(block, {
      cwd: join(this.#home, 'clone'),
      env: { ...this.#env, ...env },
      signal: stop.signal,
    });
    onTestFailed(async () => console.error((await ended).said.split('\n').slice(-20).join('\n')));
    onTestFinished(async () => {
      stop.abort();
      await ended;
    });
    return ended;
  }

  /** What the cluster does with the Deployment, if its image is one that was pushed. */
  cluster(namespace: string): Pod {
    const canPull = async (name: string): Promise<boolean> => {
      const log = await readFile(join(this.#home, 'docker.log'), 'utf8').catch(() => '');
      return log.split('\n').includes(`pushed ${name}`);
    };
    // The stand-in for Acronis has no TLS and no name.
    const flags = ['--allow-insecure-acronis', '--drift-interval=1s'];
    const pod = Pod.follow(this.controlPlane, { namespace, deployment, canPull, flags });
    onTestFailed(() => console.error(pod.lastWords));
    return pod;
  }

  get isBuyer(): boolean {
    const { directory, cast } = this.acronis;
    return directory.get(cast.johnDoe)?.businessTypes.includes('buyer') === true;
  }
}
