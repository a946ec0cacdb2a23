/** The operator's own client of Acronis, pointed at a sandbox. */
import type { Sandbox } from '../../sandbox/acronis/sandbox.ts';
import { createConnections } from '../../src/acronis/http/connections.ts';
import { type ApiRequest, createDispatcher, createSend } from '../../src/acronis/http/http.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type Account, createAccounts } from '../../src/fleet/accounts/accounts.ts';
import { quietAcronisMetrics } from '../support/quiet.ts';

export interface OperatorClient {
  readonly account: Account;
  readonly signal: AbortSignal;
  /** Every request so far. */
  readonly sent: readonly ApiRequest[];
  close(): Promise<void>;
}

export function operatorClient(sandbox: Sandbox, clock: Clock = systemClock): OperatorClient {
  const connections = createConnections({ open: () => createDispatcher(), clock });
  const real = createSend({ clock, connections, userAgent: 'test/1' });
  const sent: ApiRequest[] = [];
  const lifetime = new AbortController();
  const accounts = createAccounts({
    writesOf: (port) => port,
    connect: () => ({
      send: (request, signal) => {
        sent.push(request);
        return real(request, signal);
      },
      close: async () => {},
    }),
    limitsOf: () => ({ concurrency: 8, rate: 0 }),
    clock,
    random: Math.random,
    metrics: quietAcronisMetrics,
    lifetime: lifetime.signal,
  });
  const { clientId, clientSecret, url } = sandbox;
  return {
    account: accounts.of({ url: `${url}/api/2`, clientId, clientSecret }),
    signal: lifetime.signal,
    sent,
    close: async () => {
      lifetime.abort();
      await connections.close();
    },
  };
}
