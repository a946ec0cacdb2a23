/** What a request to the API server is for, derived from its method and URL: faults are aimed by it. */

/** The moments of an operator's life. `list` is a list in pages and the first part of a streaming list; `policy` is whatever is asked about policies, their lists and watches too. */
export type RequestKind =
  | 'list'
  | 'watch'
  | 'read'
  | 'status'
  | 'object'
  | 'policy'
  | 'lease'
  | 'event'
  | 'secret'
  | 'namespace'
  | 'other';

export interface KubeRequest {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly watches: boolean;
  /** It asks for a list by stream, which then goes on as a watch. */
  readonly streamsList: boolean;
}

export function kubeRequest(method: string, url: string): KubeRequest {
  const { pathname, searchParams } = new URL(url, 'http://api');
  const parts = pathname.split('/').filter(Boolean);
  // /api/v1/… or /apis/group/version/…
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const scoped = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  const [resource = '', name, subresource] = scoped;
  const watches = searchParams.get('watch') === 'true' || searchParams.get('watch') === '1';
  const streamsList = watches && searchParams.get('sendInitialEvents') === 'true';
  return {
    kind: kindOf(method, resource, name, subresource, watches && !streamsList),
    method,
    path: pathname,
    resource,
    name,
    watches,
    streamsList,
  };
}

function kindOf(
  method: string,
  resource: string,
  name: string | undefined,
  subresource: string | undefined,
  watch: boolean,
): RequestKind {
  switch (resource) {
    case 'leases':
      return 'lease';
    case 'events':
      return 'event';
    case 'secrets':
      return 'secret';
    case 'namespaces':
      return name === undefined ? (watch ? 'watch' : 'list') : 'namespace';
    case 'tenantuserupsells':
      if (name === undefined) return watch ? 'watch' : 'list';
      if (method === 'GET') return 'read';
      return subresource === 'status' ? 'status' : 'object';
    case 'tenantupsellpolicies':
      return 'policy';
    default:
      return 'other';
  }
}
