/**
 * The value of `--metrics-bind-address` and `--health-probe-bind-address`, as controller-runtime has it: `:8080` is every interface,
 * `127.0.0.1:8080` and `[::1]:8080` are one, `0` is off.
 */
export type BindAddress =
  | { readonly kind: 'off' }
  | { readonly kind: 'listen'; readonly host: string | undefined; readonly port: number };

/** Undefined when `text` is no address. Port 0 (`:0`) lets the system choose. */
export function parseBindAddress(text: string): BindAddress | undefined {
  if (text === '0') return { kind: 'off' };
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const host = match[1] ?? match[2] ?? '';
  return { kind: 'listen', host: host === '' ? undefined : host, port };
}

/** The same place to listen? Two servers cannot share one; one server can serve both. */
export function sameAddress(a: BindAddress, b: BindAddress): boolean {
  return a.kind === 'listen' && b.kind === 'listen' && a.port !== 0 && a.port === b.port && a.host === b.host;
}
