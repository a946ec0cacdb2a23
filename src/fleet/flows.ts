/**
 * Whose work a key is: the flow, which the work queue keeps apart from all others, is the account that the object's credentials belong to. Until those
 * were read for the first time, the place they come from stands for the account.
 */
import type { Accounts } from './accounts/accounts.ts';
import { type Served, sourceOf } from './cache/objects.ts';
import type { CredentialSources } from './credentials/sources.ts';

export interface Flows {
  flowOf(key: string): string;
  /** How many of the flow's keys may be in flight just now. */
  roomOf(flow: string): number;
}

export interface FlowsOptions {
  /** Objects that are served with an API client, by their key. */
  readonly objects: { get(key: string): Served | undefined };
  readonly sources: Pick<CredentialSources, 'lastGood'>;
  readonly accounts: Pick<Accounts, 'of' | 'roomOf'>;
}

/** Of keys whose object is gone: a reconcile of one costs nothing and waits for no account. */
const goneFlow = 'gone';

export function createFlows({ objects, sources, accounts }: FlowsOptions): Flows {
  return {
    flowOf(key) {
      const object = objects.get(key);
      if (object === undefined) return goneFlow;
      const source = sourceOf(object);
      const credentials = sources.lastGood(source);
      return credentials === undefined ? source : accounts.of(credentials).id;
    },
    roomOf: (flow) => accounts.roomOf(flow),
  };
}
