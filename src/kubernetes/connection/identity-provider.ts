/** A kubeconfig's `auth-provider: oidc`: client-node renews the ID token with the refresh token, and keeps both in memory. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../base/clock.ts';
import { before } from '../../base/deadline.ts';
import type { AuthProvider } from './kubeconfig-schema.ts';

const WITHIN_MS = 30_000;

/** The provider gave nothing. What it said may hold secrets and is not repeated. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  constructor() {
    super('its identity provider gave none. Try any kubectl command with the same kubeconfig to see what it says.');
  }
}

export class IdentityProvider {
  readonly #kubeConfig = new KubeConfig();
  readonly #clock: Clock;

  constructor(provider: AuthProvider, clock: Clock) {
    this.#clock = clock;
    const cluster = { name: 'cluster', server: 'https://not.used', skipTLSVerify: false };
    this.#kubeConfig.loadFromClusterAndUser(cluster, { name: 'user', authProvider: provider });
  }

  /** The value of the Authorization header. @throws ProviderError; the signal's reason when `signal` ends it */
  async authorization(signal: AbortSignal): Promise<string> {
    const options: RequestOptions = {};
    const asked = this.#kubeConfig.applyToHTTPSOptions(options).catch(() => {
      throw new ProviderError();
    });
    await before(asked, WITHIN_MS, () => new ProviderError(), this.#clock, signal);
    const given = new Map(Object.entries(options.headers ?? {})).get('Authorization');
    if (typeof given !== 'string') throw new ProviderError();
    return given;
  }
}
