/**
 * The way to the API server: its address, pooled connections, and credentials that stay right.
 *
 * Credentials are asked for at most every five seconds and by one caller at a time, so rotated tokens, certificates and CAs are seen and an
 * exec plugin is one process however many wait. If asking fails, the ones at hand stay in use until the server refuses them.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { KubernetesError } from '../calls/errors.ts';
import { PluginError } from './credentials/exec-plugin.ts';
import { type CredentialHeaders, type Identify, type IdentifyContext, identifier } from './credentials/identify.ts';
import { ProviderError } from './credentials/identity-provider.ts';
import type { ClusterAccess } from './kubeconfig/cluster-access.ts';
import { KubeconfigError } from './kubeconfig/file.ts';
import { findKubeconfig, type KubeconfigOptions, type KubeconfigSource } from './kubeconfig/kubeconfig.ts';
import { createLanes, type Lanes, type TlsMaterial, tlsFingerprint } from './lanes.ts';

/** What one call needs. Two calls with the same object had the same token and connections. */
export interface Credentials {
  readonly origin: string;
  /** In front of every path; '' almost always. */
  readonly prefix: string;
  readonly headers: CredentialHeaders;
  readonly lanes: Lanes;
}

export interface Connection {
  /** The URL of the API server, for people. */
  readonly server: string;
  /** Where address and credentials come from. */
  readonly describe: string;
  /** What to do when the server cannot be reached. */
  readonly remedy: string;
  /** The pod's own namespace, else the context's, else `default`. */
  readonly namespace: string;
  /** Credentials that are fresh enough, without waiting; undefined when `credentials` has to be asked. */
  current(): Credentials | undefined;
  /** @throws KubernetesError with reason `CredentialsUnavailable` */
  credentials(): Promise<Credentials>;
  /** The server responded 401 to these: the next ones are asked for again, if that was not done just now. */
  refused(credentials: Credentials): void;
  /** Cuts whatever is still open. */
  close(): Promise<void>;
}

export interface ConnectionOptions extends KubeconfigOptions {
  readonly clock: Clock;
  readonly log: Log;
}

const freshMs = 5_000;
/** After a failure or a refusal: how long until a file is read or a plugin started again. */
const calmMs = 1_000;

/** @throws KubeconfigError when the configuration cannot be used. */
export function openConnection(options: ConnectionOptions): Connection {
  const source = findKubeconfig(options);
  return new PooledConnection(source, options);
}

class PooledConnection implements Connection {
  readonly describe: string;
  readonly remedy: string;
  readonly namespace: string;
  readonly #source: KubeconfigSource;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #context: IdentifyContext;
  #access: ClusterAccess;
  #identify: Identify;
  #seen: string;
  #tls = '';
  #credentials: Credentials | undefined;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #asking: Promise<Credentials> | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #refused = false;
  #failure: { readonly error: KubernetesError; readonly until: number } | undefined;
  readonly #retired = new Set<Lanes>();
  readonly #closed = new AbortController();

  constructor(source: KubeconfigSource, { clock, log, env }: ConnectionOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
    this.#context = { clock, env, refreshTokens: new Map() };
    this.#seen = source.fingerprint();
    this.#access = source.load();
    this.#identify = identifier(this.#access, this.#context);
    this.describe = source.describe;
    this.remedy = source.remedy;
    this.namespace = this.#access.namespace ?? 'default';
    log.info('kubernetes connection', { server: this.server, from: this.describe, namespace: this.namespace });
    if (this.#access.insecure) log.warn('the certificate of the API server is not checked', { server: this.server });
  }

  get server(): string {
    return this.#access.origin + this.#access.prefix;
  }

  current(): Credentials | undefined {
    return this.#clock.now() < this.#freshUntil ? this.#credentials : undefined;
  }

  credentials(): Promise<Credentials> {
    const current = this.current();
    if (current !== undefined) return Promise.resolve(current);
    if (this.#failure !== undefined && this.#clock.now() < this.#failure.until)
      return Promise.reject(this.#failure.error);
    if (this.#closed.signal.aborted) return Promise.reject(closed());
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  refused(credentials: Credentials): void {
    const now = this.#clock.now();
    // Many calls are refused together, and perhaps for good: neither may turn into a file read or a process per call.
    if (credentials !== this.#credentials || now < this.#refusedAt + calmMs) return;
    this.#refusedAt = now;
    this.#refused = true;
    this.#freshUntil = Number.NEGATIVE_INFINITY;
  }

  async close(): Promise<void> {
    this.#closed.abort(closed());
    const lanes = [...this.#retired];
    if (this.#credentials !== undefined) lanes.push(this.#credentials.lanes);
    this.#freshUntil = Number.NEGATIVE_INFINITY;
    await Promise.all(lanes.map((each) => each.destroy()));
  }

  async #ask(): Promise<Credentials> {
    const previous = this.#credentials;
    try {
      this.#reload();
      const access = this.#access;
      const { headers, tls } = await this.#identify(this.#closed.signal);
      if (this.#closed.signal.aborted) throw closed();
      const credentials = { origin: access.origin, prefix: access.prefix, headers, lanes: this.#lanesFor(access, tls) };
      const same =
        previous !== undefined &&
        !this.#refused &&
        previous.lanes === credentials.lanes &&
        equal(previous.headers, headers);
      this.#credentials = same ? previous : credentials;
      this.#refused = false;
      this.#failure = undefined;
      this.#freshUntil = this.#clock.now() + freshMs;
      return this.#credentials;
    } catch (error) {
      const failure = unavailable(error, this.describe);
      if (this.#closed.signal.aborted) throw failure;
      if (previous !== undefined && !this.#refused) {
        if (this.#failure === undefined)
          this.#log.warn('credentials could not be renewed', { reason: failure.message });
        this.#failure = { error: failure, until: Number.NEGATIVE_INFINITY };
        this.#freshUntil = this.#clock.now() + freshMs;
        return previous;
      }
      this.#failure = { error: failure, until: this.#clock.now() + calmMs };
      throw failure;
    }
  }

  /** Reads the configuration again when it changed, or was refused: what a plugin said before is forgotten with it. */
  #reload(): void {
    const seen = this.#source.fingerprint();
    if (seen === this.#seen && !this.#refused) return;
    this.#access = this.#source.load();
    this.#identify = identifier(this.#access, this.#context);
    this.#seen = seen;
  }

  #lanesFor(access: ClusterAccess, tls: TlsMaterial): Lanes {
    const print = `${access.origin} ${access.proxy?.href ?? ''} ${tlsFingerprint(tls)}`;
    const old = this.#credentials?.lanes;
    if (old !== undefined && print === this.#tls) return old;
    this.#tls = print;
    if (old !== undefined) {
      this.#log.info('connections are renewed with changed TLS settings');
      this.#retired.add(old);
      void old.close().finally(() => this.#retired.delete(old));
    }
    return createLanes(tls, access.proxy, this.#clock);
  }
}

function equal(a: CredentialHeaders, b: CredentialHeaders): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Errors of plugins hold their stderr, those of parsers what they parsed: only the kind of trouble is reported. */
function unavailable(error: unknown, describe: string): KubernetesError {
  if (error instanceof KubernetesError) return error;
  const ours = error instanceof KubeconfigError || error instanceof PluginError || error instanceof ProviderError;
  const why = ours ? error.message : 'its certificates or tokens cannot be used. Try any kubectl command with it.';
  return new KubernetesError(`No credentials for the API server from the ${describe}: ${why}`, {
    reason: 'CredentialsUnavailable',
  });
}

function closed(): KubernetesError {
  return new KubernetesError('the connection to the API server is closed', { reason: 'CredentialsUnavailable' });
}
