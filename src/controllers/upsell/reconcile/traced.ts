/**
 * The reconcile as a trace: reconcile → read user, search user → put user → patch status. The same reconcile, with its two remote sides wrapped; nothing of this
 * exists where no traces are wanted. Objects are identified by namespace and uid: their names may be people's.
 */

import type { TenantUserUpsell } from '../../../api/object.ts';
import type { SpanStart, Tracer } from '../../../base/tracer.ts';
import type { Account, Accounts } from '../../../fleet/accounts/accounts.ts';
import type { KubernetesCall, KubernetesClient } from '../../../kubernetes/calls/client.ts';
import type { ReconcileContext } from '../context.ts';
import { createReconcile } from './reconcile.ts';

export function createTracedReconcile(context: ReconcileContext, tracer: Tracer): ReturnType<typeof createReconcile> {
  const reconcile = createReconcile({
    ...context,
    client: tracedClient(context.client, tracer),
    accounts: tracedAccounts(context.accounts, tracer),
  });
  return (key, signal) =>
    tracer.span(
      { name: 'reconcile', kind: 'internal', attributes: attributesOf(context.fleet.get(key)) },
      async (add) => {
        const result = await reconcile(key, signal);
        add({ 'upsell.result': result.kind });
        return result;
      },
    );
}

const attributesOf = (object: TenantUserUpsell | undefined) =>
  object === undefined
    ? {}
    : {
        'k8s.namespace.name': object.namespace,
        'upsell.object.uid': object.uid,
        'upsell.object.generation': object.generation,
      };

const toAcronis = (name: string): SpanStart => ({ name, kind: 'client', attributes: { 'peer.service': 'acronis' } });

function tracedClient(client: KubernetesClient, tracer: Tracer): KubernetesClient {
  const start = ({ method, path }: KubernetesCall): SpanStart => ({
    name: path.endsWith('/status') ? 'patch status' : `kubernetes ${method}`,
    kind: 'client',
    attributes: { 'peer.service': 'kube-apiserver', 'http.request.method': method },
  });
  return {
    request: (call, signal) => tracer.span(start(call), () => client.request(call, signal)),
    watch: (call, onEvent, signal) => client.watch(call, onEvent, signal),
  };
}

function tracedAccounts(accounts: Accounts, tracer: Tracer): Accounts {
  const known = new WeakMap<Account, Account>();
  return {
    of(credentials) {
      const account = accounts.of(credentials);
      let traced = known.get(account);
      if (traced === undefined) {
        traced = tracedAccount(account, tracer);
        known.set(account, traced);
      }
      return traced;
    },
    keepOnly: (credentials) => accounts.keepOnly(credentials),
    roomOf: (id) => accounts.roomOf(id),
    close: () => accounts.close(),
    get size() {
      return accounts.size;
    },
    get openCircuits() {
      return accounts.openCircuits;
    },
  };
}

const tracedAccount = (account: Account, tracer: Tracer): Account => ({
  ...account,
  users: {
    read: (id, signal) => tracer.span(toAcronis('read user'), () => account.users.read(id, signal)),
    readByExternalId: (tenantId, externalId, signal) =>
      tracer.span(toAcronis('read user'), () => account.users.readByExternalId(tenantId, externalId, signal)),
  },
  api: {
    ...account.api,
    search: (tenantId, text, signal) =>
      tracer.span(toAcronis('search user'), () => account.api.search(tenantId, text, signal)),
  },
  writes: {
    putBusinessTypes: (id, change, signal, onSent) =>
      tracer.span(toAcronis('put user'), async (add) => {
        const user = await account.writes.putBusinessTypes(id, change, signal, onSent);
        add({ 'upsell.revision.before': String(change.version) });
        if (user !== undefined) add({ 'upsell.revision.after': String(user.version) });
        return user;
      }),
  },
});
