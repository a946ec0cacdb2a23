/** Which helm and kubeconform the chart is tested with. The versions and go.mod move together (a test compares them). */
export const HELM_VERSION = 'v4.3.1';
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
  kubeconform: {
    version: KUBECONFORM_VERSION,
    from: 'github.com/yannh/kubeconform/cmd/kubeconform',
    versionFlag: `-X main.version=${KUBECONFORM_VERSION}`,
    ask: ['-h'],
    fits: /-schema-location/,
  },
} as const;
export type Tool = keyof typeof TOOLS;
