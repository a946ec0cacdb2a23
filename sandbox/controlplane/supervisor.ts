/**
 * Runs as a process of its own, between the process that started the control plane and its servers, and makes sure that they never outlive that process:
 * when the channel to it closes, for whatever reason (stop, exit, crash, SIGKILL), the servers are killed, their directory removed,
 * and this process ends. The servers write to `<name>.log` in the directory, how each ended is in
 * `supervisor.log`, and the process ids are in `<name>.pid`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Reply, requestSchema } from './supervised.ts';

const [, , dir] = process.argv;
if (dir === undefined || process.send === undefined) {
  throw new Error(
    'The supervisor is started by the control plane, with a directory and a channel; it is of no use alone.',
  );
}

writeFileSync(join(dir, 'supervisor.pid'), `${process.pid}\n`);

const servers = new Map<string, ChildProcess>();

function reply(message: Reply): void {
  if (process.connected) process.send?.(message);
}

function start(home: string, name: string, file: string, args: readonly string[]): void {
  const log = openSync(join(home, `${name}.log`), 'a');
  // A clean environment: ETCD_*, proxies and the like of the person at the keyboard would change what the servers do.
  const server = spawn(file, args, { cwd: home, stdio: ['ignore', log, log], env: { PATH: process.env['PATH'] } });
  closeSync(log);
  servers.set(name, server);
  server.once('spawn', () => {
    writeFileSync(join(home, `${name}.pid`), `${server.pid}\n`);
    reply({ kind: 'started', name, pid: server.pid ?? 0 });
  });
  server.once('error', (error) => ended(name, server, error.message));
  server.once('exit', (code, signal) => ended(name, server, signal ?? `exit code ${code}`));
}

function ended(name: string, server: ChildProcess, how: string): void {
  if (servers.get(name) !== server) return;
  servers.delete(name);
  console.log(`${name} ended: ${how}`);
  reply({ kind: 'ended', name, how });
  if (servers.size === 0 && leaving) leave();
}

let leaving = false;

/** What the servers hold is thrown away, so there is nothing to be gentle for. */
function stop(): void {
  leaving = true;
  for (const server of servers.values()) server.kill('SIGKILL');
  if (servers.size === 0) leave();
}

function leave(): void {
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

process.on('message', (message) => {
  const request = requestSchema.parse(message);
  switch (request.kind) {
    case 'start':
      return start(dir, request.name, request.file, request.args);
    case 'signal':
      servers.get(request.name)?.kill(request.signal);
      return;
  }
});
process.on('disconnect', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
process.on('uncaughtException', (error) => {
  console.error(error);
  stop();
});
// The process that started this may have ended before this one listened.
if (!process.connected) stop();
