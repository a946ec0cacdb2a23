/**
 * What a control plane consists of, and which versions of it: one page to edit when Kubernetes moves on.
 * The built version and go.mod move together (a unit test compares them). Download and build may differ in the patch number:
 * the envtest archives do not exist for every patch release.
 */
export const PROGRAMS = ['etcd', 'kube-apiserver', 'kubectl'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** Where each program is on this machine. */
export type Programs = Readonly<Record<ProgramName, string>>;

/** The version that go.mod pins, and that a build writes into its binaries. */
export const BUILT_VERSION = 'v1.36.3';

/** The Go package that each program is built from. */
export const GO_PACKAGES: Programs = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
};

export const ENVTEST_VERSION = 'v1.36.2';

/**
 * SHA-512 of the official archives, as controller-tools lists them in its envtest-releases.yaml. setup-envtest asks that list
 * at every download; pinned here, neither the list nor the archive can change under us.
 */
export const ENVTEST_SHA512: Readonly<Record<string, string>> = {
  'linux-amd64':
    'ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
  'linux-arm64':
    '2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
  'darwin-amd64':
    'b4fe9f973cd1992e3880f8b230ed32c0c243b83371591e3e3315f4404df2cdbef8ee94eeb9bb245b7e5feb987d5c4a76c43e0877654ab73f00d7bbc2b9984514',
  'darwin-arm64':
    '9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce',
};
