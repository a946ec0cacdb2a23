/** Where the end-to-end test runs: on the cluster that KUBECONFIG names, or on a one-node cluster made for it, where there is a lab to make one. */

export type Place =
  | { readonly kind: 'given'; readonly kubeconfig: string; readonly image: string }
  /** Without an image, one is built. */
  | { readonly kind: 'lab'; readonly scripts: string; readonly image: string | undefined }
  /** The sentence says what to set. */
  | { readonly kind: 'nowhere'; readonly why: string };

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the lab's scripts are, if they are. */
  readonly lab: string | undefined;
  /** The lab installs packages and makes a network namespace. */
  readonly rootOnDebian: boolean;
}

const given = 'set KUBECONFIG to a cluster and IMAGE to the name of an image that its nodes have or can pull';

export function choosePlace({ env, lab, rootOnDebian }: Machine): Place {
  const kubeconfig = env['KUBECONFIG'] || undefined;
  const image = env['IMAGE'] || undefined;
  if (kubeconfig !== undefined && image !== undefined) return { kind: 'given', kubeconfig, image };
  // Never on a cluster that merely happens to be selected in the shell.
  if (kubeconfig !== undefined)
    return {
      kind: 'nowhere',
      why: `KUBECONFIG is set and IMAGE is not: ${given}${lab === undefined ? '' : ', or unset KUBECONFIG'}.`,
    };
  if (lab === undefined) return { kind: 'nowhere', why: `There is no cluster for the end-to-end test: ${given}.` };
  if (!rootOnDebian)
    return {
      kind: 'nowhere',
      why: `The one-node cluster in ${lab} needs root on Debian: run this there, or ${given}.`,
    };
  return { kind: 'lab', scripts: lab, image };
}
