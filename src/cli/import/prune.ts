/**
 * `--prune-report`: objects whose user is gone or matches no more. It deletes nothing, and names no object of whose user nothing is proved. Children of a
 * policy are its own to remove, and users outside of the tenant were never meant.
 */
import type { UserJudgement } from '../../fleet/selection/judge-users.ts';
import type { WhyNot } from '../../fleet/selection/select.ts';
import type { ExistingObject } from './existing.ts';

export interface PruneLine {
  readonly namespace: string;
  readonly name: string;
  readonly reason: Exclude<WhyNot, 'otherTenant' | 'otherLogin' | 'excluded'>;
  readonly message: string;
}

const messages: Readonly<Record<PruneLine['reason'], string>> = {
  deleted: 'The user was deleted at Acronis.',
  disabled: 'The user is disabled.',
  otherRole: 'The user has none of the roles on its own tenant.',
  otherTenantKind: "The user's tenant is no customer.",
  guest: 'The user is a guest.',
  serviceAccount: 'The user is a service account.',
};

export function pruneLine({ key }: ExistingObject, judgement: UserJudgement): PruneLine | undefined {
  if (judgement.kind !== 'noMatch') return undefined;
  const { why } = judgement;
  switch (why) {
    case 'otherTenant':
    case 'otherLogin':
    case 'excluded':
      return undefined;
    default: {
      const [namespace = '', name = ''] = key.split('/');
      return { namespace, name, reason: why, message: messages[why] };
    }
  }
}
