/** A signal that is never aborted. */
export const always = (): AbortSignal => new AbortController().signal;
