/**
 * The other end of supervisor.ts: starts and ends servers that cannot outlive this process, whichever way it ends.
 * The supervisor is in a process group of its own, so a Ctrl-C in the terminal reaches this process alone, and it decides in which order things end.
 */
import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export const requestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), name: z.string(), file: z.string(), args: z.array(z.string()) }),
  z.object({ kind: z.literal('signal'), name: z.string(), signal: z.enum(['SIGTERM', 'SIGKILL']) }),
]);
export type Request = z.infer<typeof requestSchema>;
export type ServerSignal = Extract<Request, { kind: 'signal' }>['signal'];

export const replySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), name: z.string(), pid: z.number() }),
  z.object({ kind: z.literal('ended'), name: z.string(), how: z.string() }),
]);
export type Reply = z.infer<typeof replySchema>;

/** One run of a server. */
export interface Server {
  /** How it ended, once it has: `SIGKILL`, `exit code 1`, or why it could not be started. */
  readonly how: () => string | undefined;
  readonly ended: Promise<void>;
  signal(signal: ServerSignal): void;
}

export interface Supervised {
  /** Starts a server. There is one of a name at a time. */
  start(name: string, file: string, args: readonly string[]): Server;
  /** Kills all servers, removes the directory, and resolves when all of it is gone. */
  stop(): Promise<void>;
}

interface Running {
  how: string | undefined;
  pid: number | undefined;
  readonly ended: PromiseWithResolvers<void>;
}

/** @param dir belongs to the servers from now on, and is removed with them. */
export function supervise(dir: string): Supervised {
  const log = openSync(join(dir, 'supervisor.log'), 'a');
  const supervisor = fork(fileURLToPath(new URL('./supervisor.ts', import.meta.url)), [dir], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const running = new Map<string, Running>();
  const end = (name: string, how: string): void => {
    const server = running.get(name);
    if (server === undefined) return;
    running.delete(name);
    server.how = how;
    server.ended.resolve();
  };

  const gone = new Promise<void>((resolve) => {
    const over = (): void => {
      // Only where the supervisor itself was killed is any left.
      for (const [name, { pid }] of running) {
        if (pid !== undefined) kill(pid);
        end(name, 'its supervisor ended');
      }
      resolve();
    };
    supervisor.once('exit', over);
    supervisor.once('error', over);
  });
  supervisor.on('message', (message) => {
    const reply = replySchema.parse(message);
    if (reply.kind === 'ended') return end(reply.name, reply.how);
    const server = running.get(reply.name);
    if (server !== undefined) server.pid = reply.pid;
  });
  const send = (request: Request): void => {
    // A supervisor that has just ended cannot be notified; `gone` reports that better than an error here.
    if (supervisor.connected) supervisor.send(request, () => undefined);
  };

  return {
    start(name, file, args) {
      if (running.has(name)) throw new Error(`${name} is running already`);
      const server: Running = { how: undefined, pid: undefined, ended: Promise.withResolvers() };
      running.set(name, server);
      if (supervisor.connected) send({ kind: 'start', name, file, args: [...args] });
      else end(name, 'its supervisor ended');
      return {
        how: () => server.how,
        ended: server.ended.promise,
        signal: (signal) => send({ kind: 'signal', name, signal }),
      };
    },
    async stop() {
      if (supervisor.connected) supervisor.disconnect();
      await gone;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone, which is what was wanted.
  }
}
