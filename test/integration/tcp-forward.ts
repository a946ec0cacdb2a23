/** A port that leads to another one: as a name and a load balancer do, whose backend changes while the address stays. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export class TcpForward implements AsyncDisposable {
  readonly #server = createServer((from) => this.#pass(from));
  readonly #sockets = new Set<Socket>();
  #backend: number;

  private constructor(backend: string) {
    this.#backend = Number(new URL(backend).port);
  }

  /** @param backend a URL on loopback. */
  static async to(backend: string): Promise<TcpForward> {
    const forward = new TcpForward(backend);
    forward.#server.listen(0, '127.0.0.1');
    await once(forward.#server, 'listening');
    return forward;
  }

  get url(): string {
    const address = this.#server.address();
    return `https://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Everything that comes from now on goes there; what is open is cut. */
  leadTo(backend: string): void {
    this.#backend = Number(new URL(backend).port);
    this.cut();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(from: Socket): void {
    this.#sockets.add(from);
    const to = connect(this.#backend, '127.0.0.1');
    from.pipe(to).pipe(from);
    const end = (): void => {
      this.#sockets.delete(from);
      from.destroy();
      to.destroy();
    };
    for (const socket of [from, to]) socket.on('error', end).on('close', end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
