/** The chart as the tests use it: rendered, installed, and its objects found again. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type * as z from 'zod';
import type { ControlPlaneAddress } from '../../sandbox/controlplane/controlplane.ts';
import { type KubectlResult, kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { type HelmResult, helm } from '../../tools/helm/helm.ts';
import { type Manifest, manifestsOf } from '../../tools/helm/manifests.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const chartDir = `${root}deploy/helm/acronis-upsell-operator`;

/** As one writes them into values.yaml. */
export type Values = Readonly<Record<string, unknown>>;

const reading = (values: Values) => ({ args: ['--values', '-'], stdin: JSON.stringify(values) });

export function template(values: Values = {}, flags: readonly string[] = []): Promise<HelmResult> {
  const { args, stdin } = reading(values);
  return helm({ helm: inject('helm'), stdin }, ['template', 'demo', chartDir, '--namespace=sys', ...args, ...flags]);
}

/** The objects the chart renders, `helm test`'s included. @throws Error with what helm said where it refused. */
export async function rendered(values: Values = {}): Promise<Rendered> {
  const { stdout, stderr, exitCode } = await template(values);
  if (exitCode !== 0) throw new Error(`helm template: ${stderr}`);
  return new Rendered(manifestsOf(stdout), stdout);
}

export class Rendered {
  readonly objects: readonly Manifest[];
  readonly text: string;

  constructor(objects: readonly Manifest[], text: string) {
    this.objects = objects;
    this.text = text;
  }

  /** `Kind namespace/name`, sorted. */
  get names(): string[] {
    return this.objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`).sort();
  }

  kinds(kind: string): Manifest[] {
    return this.objects.filter((each) => each.kind === kind);
  }

  /** The one object of this kind, `helm test`'s left out, as far as `schema` reads it. */
  only<T extends z.ZodType>(kind: string, schema: T): z.output<T> {
    const [found, ...more] = this.kinds(kind).filter(
      ({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined,
    );
    if (found === undefined || more.length > 0)
      throw new Error(`There are ${more.length} objects too many of ${kind}.`);
    return schema.parse(found);
  }
}

/** What helm says when it refuses the values; a test fails where it does not. */
export async function refusal(values: Values): Promise<string> {
  const { exitCode, stderr, stdout } = await template(values);
  if (exitCode === 0) throw new Error(`helm took these values: ${JSON.stringify(values)}\n${stdout.slice(0, 300)}`);
  return stderr;
}

/** kubectl and helm on one cluster. */
export class Cluster {
  readonly #address: ControlPlaneAddress;

  constructor(address: ControlPlaneAddress) {
    this.#address = address;
  }

  /** @throws Error with what helm said where it failed. */
  async helm(namespace: string, args: readonly string[], values: Values = {}): Promise<string> {
    const { stdout, stderr, exitCode } = await this.tryHelm(namespace, args, values);
    if (exitCode !== 0) throw new Error(`helm ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
    return stdout;
  }

  tryHelm(namespace: string, args: readonly string[], values: Values = {}): Promise<HelmResult> {
    const { args: more, stdin } = reading(values);
    const takesValues = args[0] === 'install' || args[0] === 'upgrade';
    return helm({ helm: inject('helm'), kubeconfig: this.#address.kubeconfig, stdin }, [
      ...args,
      `--namespace=${namespace}`,
      ...(takesValues ? more : []),
    ]);
  }

  /** @throws Error with what kubectl said where it failed. */
  ok(args: readonly string[], stdin?: string): Promise<string> {
    return kubectlOk(this.#address, args, stdin === undefined ? {} : { stdin });
  }

  tried(args: readonly string[], stdin?: string): Promise<KubectlResult> {
    return kubectl(this.#address, args, stdin === undefined ? {} : { stdin });
  }

  async apply(manifest: object): Promise<void> {
    await this.ok(['apply', '-f', '-'], JSON.stringify(manifest));
  }

  /** A namespace of its own. */
  async newNamespace(prefix: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = unique(prefix);
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    return name;
  }

  /** Waits until the API server serves the objects of the CRD. */
  async untilEstablished(): Promise<void> {
    await this.ok(['wait', '--for=condition=Established', `crd/${crdName}`, '--timeout=30s']);
  }
}

export const crdName = 'tenantuserupsells.upsell.acronis.com';
export const unique = (prefix: string): string => `${prefix}-${randomBytes(4).toString('hex')}`;

export const upsell = (namespace: string, name: string, spec: object): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUserUpsell',
  metadata: { namespace, name },
  spec,
});
