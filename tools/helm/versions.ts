/** Which helms and kubeconform the chart is tested with. The versions and go.mod move together (a test compares them). */
export const HELM_VERSION = 'v4.3.1';
export const HELM3_VERSION = 'v3.22.0';
export const KUBECONFORM_VERSION = 'v0.8.0';

export const TOOLS = {
  helm: {
    version: HELM_VERSION,
    from: 'helm.sh/helm/v4/cmd/helm',
    versionFlag: `-X helm.sh/helm/v4/internal/version.version=${HELM_VERSION}`,
    /** Of one found on PATH: the tests use flags that older ones do not know. */
    ask: ['version', '--short'],
    fits: /^v4\./,
  },
  /** The one that most people have still: it applies on the client's side. */
  helm3: {
    version: HELM3_VERSION,
    from: 'helm.sh/helm/v3/cmd/helm',
    // And the Kubernetes that `template` stands for, which its releases are built with: without it, it is 1.20, and no chart of today is taken.
    versionFlag: [
      `internal/version.version=${HELM3_VERSION}`,
      ...['pkg/chartutil', 'pkg/lint/rules'].flatMap((where) => [
        `${where}.k8sVersionMajor=1`,
        `${where}.k8sVersionMinor=36`,
      ]),
    ]
      .map((variable) => `-X helm.sh/helm/v3/${variable}`)
      .join(' '),
    ask: ['version', '--short'],
    fits: /^v3\.(19|[2-9]\d)\./,
  },
  kubeconform: {
    version: KUBECONFORM_VERSION,
    from: 'github.com/yannh/kubeconform/cmd/kubeconform',
    versionFlag: `-X main.version=${KUBECONFORM_VERSION}`,
    ask: ['-h'],
    fits: /-schema-location/,
  },
} as const;
export type Tool = keyof typeof TOOLS;
