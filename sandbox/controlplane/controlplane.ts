/**
 * A real Kubernetes control plane on loopback: etcd and kube-apiserver, with RBAC and ServiceAccount tokens, in a directory of its own.
 * There are no controllers and no nodes: namespaces that are deleted stay `Terminating`, and pods never run.
 * It is gone, with its directory, when `stop` has resolved, or a moment after this process ended in whatever way.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Programs } from '../../tools/controlplane/versions.ts';
import { freePort } from '../port.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { ControlPlaneError, untilReady } from './readiness.ts';
import { apiServerFlags, etcdFlags, type ServerFiles, writeServerFiles } from './servers.ts';
import { type Server, type Supervised, supervise } from './supervised.ts';

/** How to reach it: plain values, so that they can be handed to another process. */
export interface ControlPlaneAddress {
  /** As in `https://127.0.0.1:20123`; the same after a restart. */
  readonly server: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  readonly token: string;
  readonly caFile: string;
  /** The kubectl program. */
  readonly kubectl: string;
  /** Holds logs, keys and kubeconfigs; removed at the end. */
  readonly dir: string;
}

export interface ControlPlane extends ControlPlaneAddress {
  /** One JSON line for each request, where it was asked for. */
  readonly auditLog: string | undefined;
  /** Ends the API server (gently, or as a crash does) and resolves when it is ready again, at the same address. etcd goes on. */
  restartApiServer(how?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends both servers, keeps a copy of etcd's data, and resolves when both are ready again, at the same address. */
  backUp(): Promise<void>;
  /** The same, with the copy in place of the data: the cluster is as it was at the last `backUp`, and so is its resource version. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** As `provision` finds them. */
  readonly programs: Programs;
  readonly audit?: boolean;
  /** Added to kube-apiserver's flags, and so able to overrule them. */
  readonly apiServerFlags?: readonly string[];
  /** Defaults to 60,000. */
  readonly readyWithinMs?: number;
  /** Asked for the API server's port, and again when another process was faster. */
  readonly choosePort?: () => Promise<number>;
}

const PORTS_TO_TRY = 3;
const ENDS_WITHIN_MS = 15_000;

/** @throws ControlPlaneError, the aborted signal's reason when `signal` ends it. */
export async function startControlPlane(options: ControlPlaneOptions, signal: AbortSignal): Promise<ControlPlane> {
  signal.throwIfAborted();
  const dir = await mkdtemp(join(tmpdir(), 'upsell-control-plane-'));
  const supervised = supervise(dir);
  try {
    const choosePort = options.choosePort ?? freePort;
    const files = await writeServerFiles(dir, options.audit ?? false);
    const etcd = supervised.start('etcd', options.programs.etcd, etcdFlags(dir));
    for (let attempt = 1; ; attempt++) {
      const starting = new Servers(dir, supervised, files, etcd, await choosePort(), options);
      try {
        await starting.start(signal);
      } catch (error) {
        if (error instanceof ControlPlaneError && error.portTaken && attempt < PORTS_TO_TRY) continue;
        throw error;
      }
      return await controlPlaneOf(dir, supervised, files, starting, options);
    }
  } catch (error) {
    await supervised.stop();
    throw error;
  }
}

async function controlPlaneOf(
  dir: string,
  supervised: Supervised,
  files: ServerFiles,
  servers: Servers,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const { token, caFile } = files;
  const address = { server: servers.url, token, caFile, kubectl: options.programs.kubectl, dir };
  return {
    ...address,
    kubeconfig: await kubeconfigFor(address, { name: 'admin', token }),
    auditLog: files.audit?.log,
    restartApiServer: (how = 'SIGTERM') => servers.restart(how),
    backUp: () => servers.restartWith((data, copy) => cp(data, copy, { recursive: true })),
    restore: () =>
      servers.restartWith(async (data, copy) => {
        await rm(data, { recursive: true });
        await cp(copy, data, { recursive: true });
      }),
    stop: () => supervised.stop(),
  };
}

/** The API server and its etcd through their lives, all at one address. */
class Servers {
  readonly url: string;
  readonly #dir: string;
  readonly #supervised: Supervised;
  readonly #files: ServerFiles;
  #etcd: Server;
  readonly #options: ControlPlaneOptions;
  readonly #flags: readonly string[];
  #running: Server | undefined;

  constructor(
    dir: string,
    supervised: Supervised,
    files: ServerFiles,
    etcd: Server,
    port: number,
    options: ControlPlaneOptions,
  ) {
    this.url = `https://127.0.0.1:${port}`;
    this.#dir = dir;
    this.#supervised = supervised;
    this.#files = files;
    this.#etcd = etcd;
    this.#options = options;
    this.#flags = [...apiServerFlags(dir, files, port), ...(options.apiServerFlags ?? [])];
  }

  async start(signal: AbortSignal): Promise<void> {
    const running = this.#supervised.start('kube-apiserver', this.#options.programs['kube-apiserver'], this.#flags);
    this.#running = running;
    const waiting = {
      dir: this.#dir,
      servers: { etcd: this.#etcd, 'kube-apiserver': running },
      server: this.url,
      caFile: this.#files.caFile,
      token: this.#files.token,
      withinMs: this.#options.readyWithinMs ?? 60_000,
    };
    await untilReady(waiting, signal);
  }

  async restart(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#endApiServer(how);
    await this.start(new AbortController().signal);
  }

  /** @param change of etcd's data, while neither server runs. */
  async restartWith(change: (data: string, copy: string) => Promise<void>): Promise<void> {
    await this.#endApiServer('SIGKILL');
    this.#etcd.signal('SIGTERM');
    await this.#etcd.ended;
    await change(join(this.#dir, 'etcd'), join(this.#dir, 'etcd-copy'));
    this.#etcd = this.#supervised.start('etcd', this.#options.programs.etcd, etcdFlags(this.#dir));
    await this.start(new AbortController().signal);
  }

  async #endApiServer(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const before = this.#running;
    before?.signal(how);
    // A server that does not end when asked is not worth waiting for.
    const impatience = setTimeout(() => before?.signal('SIGKILL'), ENDS_WITHIN_MS);
    await before?.ended;
    clearTimeout(impatience);
  }
}
