/** kubectl and helm on the cluster under test, and the names of what this run makes there. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type KubectlResult, kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { helm } from '../../tools/helm/helm.ts';

export const chart = fileURLToPath(new URL('../../deploy/helm/acronis-upsell-operator', import.meta.url));
export const crdName = 'tenantuserupsells.upsell.acronis.com';

/** How the driver hands it to the tests: by environment. */
export interface ClusterEnv {
  readonly KUBECONFIG: string;
  readonly KUBECTL: string;
  readonly HELM: string;
  /** Of the operator. */
  readonly IMAGE: string;
  /** Tells this run from others. */
  readonly RUN: string;
  /** For files of this run, which the driver removes. */
  readonly RUN_DIR: string;
}

export function clusterEnv(env: Readonly<Record<string, string | undefined>>): ClusterEnv {
  const { KUBECONFIG, KUBECTL, HELM, IMAGE, RUN, RUN_DIR } = env;
  if (!KUBECONFIG || !KUBECTL || !HELM || !IMAGE || !RUN || !RUN_DIR)
    throw new Error('These tests need a cluster: run them with `npm run test:e2e`.');
  return { KUBECONFIG, KUBECTL, HELM, IMAGE, RUN, RUN_DIR };
}

export class Cluster {
  readonly image: string;
  /** Of the release and of all its objects. */
  readonly release: string;
  /** Where it is installed. */
  readonly system: string;
  /** Where objects are. */
  readonly customers: string;
  readonly #address: { readonly kubectl: string; readonly kubeconfig: string };
  readonly #helm: string;

  private constructor(env: ClusterEnv, kubeconfig: string) {
    this.image = env.IMAGE;
    this.release = `acronis-upsell-operator-${env.RUN}`;
    this.system = `upsell-e2e-${env.RUN}`;
    this.customers = `${this.system}-customers`;
    this.#address = { kubectl: env.KUBECTL, kubeconfig };
    this.#helm = env.HELM;
  }

  static async open(env: ClusterEnv): Promise<Cluster> {
    // A copy of the one context that is meant: what kubectl and helm keep beside it stays out of the person's own directories.
    const { stdout } = await execa(env.KUBECTL, ['config', 'view', '--raw', '--flatten', '--minify'], {
      env: { KUBECONFIG: env.KUBECONFIG },
      stdin: 'ignore',
    });
    const kubeconfig = join(env.RUN_DIR, 'kubeconfig');
    await writeFile(kubeconfig, stdout, { mode: 0o600 });
    return new Cluster(env, kubeconfig);
  }

  /** For a program of one's own. */
  get kubectlProgram(): { readonly path: string; readonly env: { readonly KUBECONFIG: string } } {
    return { path: this.#address.kubectl, env: { KUBECONFIG: this.#address.kubeconfig } };
  }

  /** @throws Error with what kubectl said where it failed. */
  ok(args: readonly string[], stdin?: string): Promise<string> {
    return kubectlOk(this.#address, args, stdin === undefined ? {} : { stdin });
  }

  tried(args: readonly string[], stdin?: string): Promise<KubectlResult> {
    return kubectl(this.#address, args, stdin === undefined ? {} : { stdin });
  }

  async json(args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.ok([...args, '-o', 'json']));
  }

  async apply(...items: readonly object[]): Promise<void> {
    await this.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  /** @throws Error with what helm said where it failed. */
  async helm(args: readonly string[], values?: object): Promise<string> {
    const { stdout, stderr, exitCode } = await helm(
      { helm: this.#helm, kubeconfig: this.#address.kubeconfig, stdin: JSON.stringify(values ?? {}) },
      [...args, `--namespace=${this.system}`, ...(values === undefined ? [] : ['--values', '-'])],
    );
    if (exitCode !== 0) throw new Error(`helm ${args.join(' ')} ended with ${exitCode}: ${stderr || stdout}`);
    return stdout;
  }

  /** Whether the operator, or an earlier run, is there already. */
  async hasCrd(): Promise<boolean> {
    return (await this.ok(['get', 'crd', crdName, '--ignore-not-found', '-o', 'name'])).trim() !== '';
  }

  /** Takes away all that a run makes, as far as it is there. */
  async removeTraces(): Promise<void> {
    await this.helm(['uninstall', this.release, '--ignore-not-found', '--wait']);
    await this.ok(['delete', 'namespace', this.customers, this.system, '--ignore-not-found', '--timeout=120s']);
    await this.ok(['delete', 'crd', crdName, '--ignore-not-found', '--timeout=60s']);
  }
}

/** An image's name as the chart's values take it. */
export function imageValues(image: string): object {
  const [name = image, digest] = image.split('@');
  const slash = name.lastIndexOf('/');
  const colon = name.indexOf(':', slash + 1);
  return {
    repository: colon < 0 ? name : name.slice(0, colon),
    ...(colon < 0 ? {} : { tag: name.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}
