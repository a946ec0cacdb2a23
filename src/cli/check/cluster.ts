/** What is judged of the cluster, from what was seen of it. Pure. */
import { apiGroup } from '../../api/names.ts';
import type { ServerCheck } from '../../kubernetes/calls/check-server.ts';
import { fail, failWhole, type Judged, notChecked, pass, warn } from './line.ts';
import { nameOfRight, type Right } from './rights.ts';

/** What was asked for, or why it could not be seen: `forbidden` where this caller may not. */
export type Seen<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'forbidden'; readonly what: string }
  | { readonly kind: 'failed'; readonly why: string };

const unseen = (seen: Exclude<Seen<unknown>, { kind: 'seen' | 'absent' }>): Judged =>
  seen.kind === 'forbidden'
    ? notChecked(`you may not ${seen.what}.`, 'Run it as an administrator of the cluster to have it checked.')
    : notChecked(seen.why, 'Correct the line of the API server first.');

export interface ServerEvidence {
  readonly server: string;
  /** Where address and credentials come from. */
  readonly from: string;
  readonly check: ServerCheck;
}

/** @param server what is wrong with the kubeconfig, where it is. */
export function judgeServer(server: ServerEvidence | { readonly problem: string }): Judged {
  if ('problem' in server) return failWhole(server.problem);
  if (server.check.kind === 'failed') return failWhole(server.check.message);
  const { version } = server.check;
  return pass(
    `${server.server} responds (${version === 'unknown' ? 'it does not say its version' : version}; ${server.from}).`,
  );
}

/** Of a kind: the fields below spec and status that the API server keeps, and those that this program knows. */
export interface CrdFields {
  readonly kind: string;
  readonly known: readonly string[];
  readonly served: readonly string[];
}

const install =
  'Install the CRDs of this version: kubectl apply --server-side -f crds.yaml (or crds.install in the chart).';

/** @param absent the kinds that the API server does not serve. */
export function judgeCrds(
  crds: Seen<{ readonly served: readonly CrdFields[]; readonly absent: readonly string[] }>,
): Judged {
  if (crds.kind === 'absent') return fail(`The API server serves no ${apiGroup}.`, install);
  if (crds.kind !== 'seen') return unseen(crds);
  const { served, absent } = crds.value;
  if (absent.length > 0) return fail(`The API server serves no ${absent.join(', ')}.`, install);
  const pruned = served.flatMap(({ kind, known, served: has }) => missing(kind, known, has));
  if (pruned.length > 0)
    return fail(`The CRDs are older than this version: the API server drops ${shown(pruned)}.`, install);
  const newer = served.flatMap(({ kind, known, served: has }) => missing(kind, has, known));
  if (newer.length > 0)
    return warn(
      `The CRDs are newer than this version, which ignores ${shown(newer)}.`,
      'Bring the operator and this program to the same version.',
    );
  return pass(`The CRDs are of this version: ${served.map(({ kind }) => kind).join(', ')}.`);
}

const missing = (kind: string, wanted: readonly string[], has: readonly string[]): readonly string[] =>
  wanted.filter((field) => !has.includes(field)).map((field) => `${kind} ${field}`);

const maxShown = 5;
const shown = (names: readonly string[]): string =>
  names.length <= maxShown
    ? names.join(', ')
    : `${names.slice(0, maxShown).join(', ')} and ${names.length - maxShown} more`;

export interface RightsEvidence {
  /** For whom it was asked; it begins a sentence. */
  readonly subject: string;
  /** It is the operator's ServiceAccount, and not the person who asks. */
  readonly isOperator: boolean;
  readonly denied: readonly Right[];
  readonly count: number;
}

export function judgeRights(rights: Seen<RightsEvidence>): Judged {
  if (rights.kind === 'absent')
    return notChecked(
      'there is no ServiceAccount to ask for.',
      'Install the operator, or name it with --service-account.',
    );
  if (rights.kind !== 'seen') return unseen(rights);
  const { subject, isOperator, denied, count } = rights.value;
  const [first] = denied;
  if (first !== undefined)
    return fail(
      `${subject} may not: ${shown(denied.map(nameOfRight))}. Without that ${[...new Set(denied.map(({ without }) => without))].join('; ')}.`,
      'Apply the roles and bindings of this version (rbac.create in the chart, or deploy/install.yaml), with watch.namespaces as the operator has them.',
    );
  return isOperator
    ? pass(`${subject} has all ${count} rights that the operator uses.`)
    : warn(
        `${subject} have all ${count} rights that the operator uses; whether the operator has them is not known.`,
        'Run it in its pod: kubectl exec -n acronis-system deploy/acronis-upsell-operator -- node dist/main.js check.',
      );
}

export interface LeaseEvidence {
  readonly name: string;
  readonly namespace: string;
  readonly holder: string;
  /** How long ago it was renewed, by this machine's clock, in milliseconds. */
  readonly ageMs: number;
  readonly durationMs: number;
}

/** Clocks of the holder and of this machine may differ; and the holder renews well before its end. */
const leaseSlackMs = 15_000;

export function judgeLeader(lease: Seen<LeaseEvidence>): Judged {
  if (lease.kind === 'absent')
    return warn(
      'There is no lease yet: no operator has run here.',
      'Install it, or name its namespace with --operator-namespace.',
    );
  if (lease.kind !== 'seen') return unseen(lease);
  const { name, namespace, holder, ageMs, durationMs } = lease.value;
  const where = `lease ${namespace}/${name}`;
  if (holder === '')
    return warn(
      `No replica holds the ${where}: no operator works just now.`,
      `See whether its pods run: kubectl get pods -n ${namespace}`,
    );
  if (ageMs <= durationMs + leaseSlackMs) return pass(`${holder} is leader (${where}).`);
  return fail(
    `${holder} was leader, and renewed the ${where} ${Math.round(ageMs / 1_000)} s ago: no operator works just now.`,
    `See whether its pods run and what they log: kubectl get pods -n ${namespace}`,
  );
}

export interface ImageEvidence {
  readonly namespace: string;
  readonly deployment: string;
  readonly image: string;
  readonly ready: number;
  readonly wanted: number;
}

/** @param version of this program. @param inPod it runs in the operator's own pod. */
export function judgeImage(images: Seen<readonly ImageEvidence[]>, version: string, inPod: boolean): Judged {
  if (images.kind === 'seen' && images.value.length > 0) {
    const says = images.value
      .map(
        ({ namespace, deployment, image, ready, wanted }) =>
          `${namespace}/${deployment} runs ${image} (${ready} of ${wanted} ready)`,
      )
      .join('; ');
    const waiting = images.value.filter(({ ready, wanted }) => wanted > 0 && ready === 0);
    if (waiting.length > 0)
      return fail(`${says}.`, `kubectl describe pods -n ${waiting[0]?.namespace} says what they wait for.`);
    const other = images.value.filter(({ image }) => tagOf(image) !== version);
    if (other.length > 0)
      return warn(
        `${says}; this program is ${version}.`,
        'Use the version that is installed, so that both know the same rules.',
      );
    return pass(`${says}, as this program.`);
  }
  if (inPod) return pass(`This is the operator's own image, version ${version}.`);
  if (images.kind === 'seen' || images.kind === 'absent')
    return warn(
      'No Deployment of the operator was found.',
      'Install it; or look at another cluster with --kubeconfig.',
    );
  return unseen(images);
}

/** The tag, without a leading v; '' where the image is named by its digest alone. */
export function tagOf(image: string): string {
  const name = image.split('@')[0] ?? image;
  return /:v?([^:/]+)$/.exec(name)?.[1] ?? '';
}
