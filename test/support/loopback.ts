/** Servers of tests: on loopback, on any free port, with their connections counted, and gone with the test. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Listens on a free port of 127.0.0.1. @returns the port */
export async function listenOnLoopback(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): AddressInfo | string | null;
}): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export interface Connections {
  /** Ever made. */
  total: number;
  /** Open now. */
  open: number;
  cut(): void;
}

/** Counts the connections of a server from now on; when the test ends, they are cut and the server is closed. */
export function trackConnections(server: Server): Connections {
  const sockets = new Set<Socket>();
  const connections: Connections = {
    total: 0,
    open: 0,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
  server.on('connection', (socket: Socket) => {
    connections.total++;
    connections.open++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.open--;
      sockets.delete(socket);
    });
  });
  onTestFinished(async () => {
    connections.cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return connections;
}
