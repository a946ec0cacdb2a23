/** An HTTP proxy that makes tunnels (CONNECT), and counts them. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';

export class ConnectProxy implements AsyncDisposable {
  /** Host and port of each tunnel that was asked for. */
  readonly tunnels: (string | undefined)[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(): Promise<ConnectProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const proxy = new ConnectProxy(server, `http://127.0.0.1:${port}`);
    server.on('connect', (request, socket, first) => {
      proxy.tunnels.push(request.url);
      const { hostname, port: to } = new URL(`https://${request.url}`);
      const onward = connect(Number(to), hostname, () => {
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
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
