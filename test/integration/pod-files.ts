/**
 * What a kubelet mounts for a pod's service account, and how it changes it: each version in a directory of its own, and one symbolic link, `..data`,
 * that is put over the old one. The operator is shown this place instead of the one that only a pod has (`show-pod-files.ts`).
 */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Way } from './own-way.ts';

export interface Mounted {
  readonly token: string;
  readonly 'ca.crt': string;
  readonly namespace: string;
}

export class PodFiles implements AsyncDisposable {
  readonly #dir: string;
  #now: Mounted;
  #version = 0;

  private constructor(dir: string, files: Mounted) {
    this.#dir = dir;
    this.#now = files;
  }

  static async mount(files: Mounted): Promise<PodFiles> {
    const mounted = new PodFiles(await mkdtemp(join(tmpdir(), 'upsell-pod-')), files);
    await mounted.swap({});
    for (const name of Object.keys(files)) await symlink(join('..data', name), join(mounted.#dir, name));
    return mounted;
  }

  /** As a kubelet does it. */
  async swap(changes: Partial<Mounted>): Promise<void> {
    this.#now = { ...this.#now, ...changes };
    const [before, version] = [`..version_${this.#version}`, `..version_${this.#version + 1}`];
    this.#version += 1;
    await mkdir(join(this.#dir, version));
    for (const [name, text] of Object.entries(this.#now)) await writeFile(join(this.#dir, version, name), text);
    await symlink(version, join(this.#dir, '..data_tmp'));
    await rename(join(this.#dir, '..data_tmp'), join(this.#dir, '..data'));
    await rm(join(this.#dir, before), { recursive: true, force: true });
  }

  /** As others do it: a new file over the old one. */
  async replace(name: keyof Mounted, text: string): Promise<void> {
    await writeFile(join(this.#dir, `${name}.new`), text);
    await rename(join(this.#dir, `${name}.new`), join(this.#dir, name));
  }

  /** How an operator starts in a pod with these files. */
  wayTo(server: string): Way {
    const { hostname, port } = new URL(server);
    return {
      kubeconfig: '',
      env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, SHOWN_POD_FILES: this.#dir },
      nodeFlags: [`--import=${new URL('./show-pod-files.ts', import.meta.url).href}`],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }
}
