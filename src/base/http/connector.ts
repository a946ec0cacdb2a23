/**
 * How connections are opened: HTTP/1.1 and nothing else, with a target, with a proxy, and with a target in a tunnel. undici's connector offers HTTP/2 unless its own
 * option says otherwise, whatever that of its Agent says, and a server written in Go takes it: the lanes count on a connection that carries one call.
 */
import { buildConnector } from 'undici';

/** For the `connect` of a dispatcher. */
export type Connector = buildConnector.connector;
export type ConnectorOptions = buildConnector.BuildOptions & { readonly allowH2?: never };

export const createConnector = (options: ConnectorOptions): Connector => buildConnector({ ...options, allowH2: false });
