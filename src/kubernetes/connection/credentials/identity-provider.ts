/**
 * A kubeconfig's `auth-provider: oidc`, as kubectl has it: the ID token is sent, and exchanged with the refresh token for a new one when its end is near. Both
 * tokens are kept in memory. Many providers take each refresh token once, so the last one outlives this object, which a refused call replaces.
 */
import { readFile } from 'node:fs/promises';
import { Agent, type Dispatcher } from 'undici';
import * as z from 'zod';
import type { Clock } from '../../../base/clock.ts';
import { createConnector } from '../../../base/http/connector.ts';
import { sendRequest } from '../../../base/http/http.ts';
import type { AuthProvider } from '../kubeconfig/schema.ts';
import { type Held, Renewed } from './renewed.ts';

const limits = { timeoutMs: 15_000, maxBytes: 1_048_576 };
/** For a token that does not say when it ends. */
const unknownHoldsMs = 60_000;

const https = z.url({ protocol: /^https$/ });
const configSchema = z.object({
  'idp-issuer-url': https,
  'client-id': z.string().min(1),
  'client-secret': z.string().default(''),
  'refresh-token': z.string().min(1),
  'idp-certificate-authority': z.string().default(''),
  'idp-certificate-authority-data': z.string().default(''),
});
const discoverySchema = z.object({
  token_endpoint: https,
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
});
const tokensSchema = z.object({ id_token: z.string().min(1), refresh_token: z.string().optional() });
const claimsSchema = z.object({ exp: z.number() });

/** The provider gave nothing. What it said may hold secrets and is not repeated. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  constructor() {
    super('its identity provider gave none. Try any kubectl command with the same kubeconfig to see what it says.');
  }
}

/** The refresh token that a provider gave last, by the one that the kubeconfig has. It holds that of one kubeconfig. */
export type RefreshTokens = Map<string, string>;

export class IdentityProvider {
  readonly #clock: Clock;
  readonly #config: AuthProvider['config'];
  readonly #refreshTokens: RefreshTokens;
  readonly #given: Renewed<string>;

  constructor({ config }: AuthProvider, clock: Clock, refreshTokens: RefreshTokens) {
    this.#config = config;
    this.#refreshTokens = refreshTokens;
    this.#clock = clock;
    let first = true;
    this.#given = new Renewed(async (signal) => {
      const atHand = first ? this.#atHand() : undefined;
      first = false;
      return atHand ?? (await this.#renew(signal));
    }, clock);
  }

  /** The value of the Authorization header. @throws ProviderError; the signal's reason when `signal` ends it */
  authorization(signal: AbortSignal): Promise<string> {
    return this.#given.get(signal);
  }

  /** The kubeconfig's own token, while it holds. */
  #atHand(): Held<string> | undefined {
    const token = this.#config['id-token'];
    const until = endOf(token);
    return until !== undefined && until > this.#clock.wall() ? { value: `Bearer ${token}`, until } : undefined;
  }

  async #renew(signal: AbortSignal): Promise<Held<string>> {
    try {
      const config = configSchema.parse(this.#config);
      const given = config['refresh-token'];
      const refreshToken = this.#refreshTokens.get(given) ?? given;
      const { id_token: token, refresh_token: next } = await this.#tokensFor(config, refreshToken, signal);
      if (next !== undefined) {
        this.#refreshTokens.clear();
        this.#refreshTokens.set(given, next);
      }
      return { value: `Bearer ${token}`, until: endOf(token) ?? this.#clock.wall() + unknownHoldsMs };
    } catch {
      signal.throwIfAborted();
      throw new ProviderError();
    }
  }

  async #tokensFor(
    config: z.output<typeof configSchema>,
    refreshToken: string,
    signal: AbortSignal,
  ): Promise<z.output<typeof tokensSchema>> {
    const { 'client-id': id, 'client-secret': secret, 'idp-certificate-authority': file } = config;
    const data = config['idp-certificate-authority-data'];
    const ca = data !== '' ? Buffer.from(data, 'base64') : file !== '' ? await readFile(file) : undefined;
    const agent = new Agent({
      connect: createConnector({ timeout: limits.timeoutMs, ...(ca === undefined ? {} : { ca }) }),
    });
    const ask = async (url: string, options: Pick<Dispatcher.DispatchOptions, 'method' | 'headers' | 'body'>) => {
      const { origin, pathname, search } = new URL(url);
      const request = { ...options, origin, path: pathname + search };
      const { status, body } = await sendRequest(agent, request, limits, this.#clock, signal);
      if (status !== 200) throw new Error(`HTTP ${status}`);
      return JSON.parse(body.toString());
    };
    try {
      const about = `${config['idp-issuer-url'].replace(/\/$/, '')}/.well-known/openid-configuration`;
      const provider = discoverySchema.parse(await ask(about, { method: 'GET' }));
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
      const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
      if (secret !== '' && provider.token_endpoint_auth_methods_supported.includes('client_secret_basic')) {
        const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
        headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
      } else {
        form.set('client_id', id);
        if (secret !== '') form.set('client_secret', secret);
      }
      return tokensSchema.parse(await ask(provider.token_endpoint, { method: 'POST', headers, body: String(form) }));
    } finally {
      await agent.destroy();
    }
  }
}

/** When a JSON Web Token ends, in milliseconds since 1970; undefined where it does not say so. */
function endOf(token: string | undefined): number | undefined {
  const payload = token?.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const { data } = claimsSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return data === undefined ? undefined : data.exp * 1_000;
  } catch {
    return undefined;
  }
}
