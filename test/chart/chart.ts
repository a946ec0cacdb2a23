/** The chart as the tests use it: rendered, installed, and its objects found again. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import * as z from 'zod';
import type { ControlPlaneAddress } from '../../sandbox/controlplane/controlplane.ts';
import { type KubectlResult, kubectl, kubectlOk } from '../../sandbox/controlplane/kubectl.ts';
import { type HelmResult, helm } from '../../tools/helm/helm.ts';
import { type Manifest, manifestsOf } from '../../tools/helm/manifests.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const chartDir = `${root}deploy/helm/acronis-upsell-operator`;

/** As one writes them into values.yaml. */
export type Values = Readonly<Record<string, unknown>>;

const imageSchema = z.object({ repository: z.string().nullish(), registry: z.string().nullish() }).partial().nullish();

/** With an image, which the chart of the source does not name, unless there is one. */
function withImage(values: Values): Values {
  const given = imageSchema.safeParse(values['image']);
  if (!given.success || given.data?.repository || given.data?.registry) return values;
  const image = z.record(z.string(), z.unknown()).nullish().parse(values['image']);
  return { ...values, image: { ...image, repository: 'acronis-upsell-operator' } };
}

const reading = (values: Values) => ({ args: ['--values', '-'], stdin: JSON.stringify(withImage(values)) });

/**
 * What Helm 4 makes of the values. Helm 3 is asked too. @throws Error where the two do not agree: that is a fault of the chart whatever the test is about.
 */
export async function template(
  values: Values = {},
  { release = 'demo', flags = [], isAlone = false }: Templating = {},
): Promise<HelmResult> {
  const { args, stdin } = reading(values);
  const all = ['template', release, chartDir, '--namespace=sys', ...args, ...flags];
  const asking = helm({ helm: inject('helm'), stdin }, all);
  if (isAlone) return await asking;
  const [result, older] = await Promise.all([asking, helm({ helm: inject('helm3'), stdin }, all)]);
  const objects = ({ stdout }: HelmResult): string => JSON.stringify(manifestsOf(stdout));
  if (result.exitCode === 0 ? older.exitCode !== 0 || objects(result) !== objects(older) : older.exitCode === 0)
    throw new Error(
      `Helm 4 and Helm 3 do not agree on ${stdin}:\n${result.stderr || result.stdout}\n--- 3:\n${older.stderr || older.stdout}`,
    );
  return result;
}

export interface Templating {
  readonly release?: string;
  readonly flags?: readonly string[];
  /** Helm 3 is not asked: for the many cases of a property. */
  readonly isAlone?: boolean;
}

/** The objects the chart renders, `helm test`'s included. @throws Error with what helm said where it refused. */
export async function rendered(values: Values = {}, templating: Templating = {}): Promise<Rendered> {
  const { stdout, stderr, exitCode } = await template(values, templating);
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
  readonly #helm: string;

  /** With Helm 4, unless another one is given. */
  constructor(address: ControlPlaneAddress, program = inject('helm')) {
    this.#address = address;
    this.#helm = program;
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
    return helm({ helm: this.#helm, kubeconfig: this.#address.kubeconfig, stdin }, [
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

  /**
   * Holds that the API server takes these objects by server-side apply, without keeping them. Those of kinds that it does not have are only read as YAML in which no
   * key comes twice. @throws Error with what kubectl said.
   */
  async accepts(text: string): Promise<void> {
    const objects = manifestsOf(text).filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.coreos.com/'));
    // Of a namespace that is there.
    const here = objects.map((each) =>
      each.metadata.namespace === undefined ? each : { ...each, metadata: { ...each.metadata, namespace: 'default' } },
    );
    const list = { apiVersion: 'v1', kind: 'List', items: here };
    await this.ok(['apply', '--server-side', '--dry-run=server', '--force-conflicts', '-f', '-'], JSON.stringify(list));
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
