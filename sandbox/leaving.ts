/**
 * Turns Ctrl-C and its kin into an AbortSignal, so that a program can clean up before it ends. A second Ctrl-C does not wait.
 *
 * The listeners stay for good, and must: execa and ora bring a listener of their own (signal-exit) that ends the process
 * where it finds itself the only one, which it does behind a listener added with `once`.
 */
export function leaveOnSignals(): AbortSignal {
  const leaving = new AbortController();
  const leave = (): void => {
    if (leaving.signal.aborted) process.exit(130);
    leaving.abort(new Error('interrupted'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
  return leaving.signal;
}
