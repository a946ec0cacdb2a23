/** What a reflector is doing just now. Backoff, silence, readiness and what is logged follow from it. */

/** The version to watch from; undefined: list first. */
export type Position = string | undefined;

export type State =
  /** The request for a list or watch waits for its turn, or was sent; the server has not accepted it yet. */
  | { readonly kind: 'opening'; readonly from: Position }
  /** Initial events, or pages, come in. */
  | { readonly kind: 'listing' }
  | { readonly kind: 'watching'; readonly resourceVersion: string }
  /** After a failure. */
  | { readonly kind: 'waiting'; readonly from: Position };

/** From where a watch goes on after this state. */
export function positionOf(state: State): Position {
  switch (state.kind) {
    case 'watching':
      return state.resourceVersion;
    case 'opening':
    case 'waiting':
      return state.from;
    case 'listing':
      return undefined;
  }
}
