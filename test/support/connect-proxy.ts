/** An HTTP proxy that makes tunnels (CONNECT), and counts them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface ConnectProxyOptions {
  /** Where every tunnel leads, in place of the host that was asked for. */
  readonly leadsTo?: string;
  /** What it responds in place of a tunnel; 0: nothing. */
  readonly status?: number;
}

export class ConnectProxy implements AsyncDisposable {
  /** Host and port of each tunnel that was asked for. */
  readonly tunnels: (string | undefined)[] = [];
  /** The Proxy-Authorization of each. */
  readonly authorizations: (string | undefined)[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start({ leadsTo, status = 200 }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const proxy = new ConnectProxy(server, `http://127.0.0.1:${port}`);
    server.on('connect', (request: IncomingMessage, socket: Socket, first: Buffer) => {
      proxy.tunnels.push(request.url);
      proxy.authorizations.push(request.headers['proxy-authorization']);
      if (status === 0) return;
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      const { hostname, port: to } = new URL(`https://${leadsTo ?? request.url}`);
      const onward = connect(Number(to || 443), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.write(first);
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
