/** Waits until the API server responds to everything, and reports the cause in one sentence where it never does. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from './supervised.ts';

export interface Waiting {
  readonly dir: string;
  /** By name; their logs are `<name>.log` in `dir`. */
  readonly servers: Readonly<Record<string, Server>>;
  readonly server: string;
  readonly caFile: string;
  readonly token: string;
  readonly withinMs: number;
}

/** The message is a sentence with the last lines of the log. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
  /** Another process took the port in the meantime: worth another try with another one. */
  readonly portTaken: boolean;

  constructor(message: string, portTaken: boolean) {
    super(message);
    this.portTaken = portTaken;
  }
}

const LOOK_EVERY_MS = 50;

/** @throws ControlPlaneError, the aborted signal's reason when `signal` ends it. */
export async function untilReady(waiting: Waiting, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + waiting.withinMs;
  for (;;) {
    for (const [name, server] of Object.entries(waiting.servers)) {
      const how = server.how();
      if (how !== undefined) throw await failure(waiting.dir, name, `${name} ended before it was ready (${how})`);
    }
    // readyz reports that the API works; the first namespace comes a moment later.
    if ((await responds(waiting, '/readyz')) && (await responds(waiting, '/api/v1/namespaces/default'))) return;
    if (performance.now() > deadline) {
      const seconds = Math.round(waiting.withinMs / 1000);
      throw await failure(waiting.dir, 'kube-apiserver', `kube-apiserver was not ready within ${seconds} s`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function responds(waiting: Waiting, path: string): Promise<boolean> {
  const ca = await readFile(waiting.caFile).catch(() => undefined);
  if (ca === undefined) return false;
  return await new Promise((resolve) => {
    const headers = { authorization: `Bearer ${waiting.token}` };
    const call = request(`${waiting.server}${path}`, { ca, headers, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(false));
    call.end();
  });
}

async function failure(dir: string, name: string, what: string): Promise<ControlPlaneError> {
  const log = await readFile(join(dir, `${name}.log`), 'utf8').catch(() => '');
  const lines = log.split('\n').filter((line) => line.trim() !== '' && !line.includes('] [core] [Channel'));
  const portTaken = log.includes('address already in use');
  const last = lines.slice(-4).join('\n  ');
  return new ControlPlaneError(`The control plane did not start: ${what}. The end of its log:\n  ${last}`, portTaken);
}
