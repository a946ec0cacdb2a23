/** Waiting for something that others wait for too: who gives up leaves, and the thing itself goes on. */

/** The promise's value, unless the signal comes first: then its reason. Nobody need be left to hear a failure. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whoever asked may be gone by the time it fails, and an unheard failure would end the process.
  promise.catch(() => {});
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
