/** Waiting for something that others wait for too: who gives up leaves, and the thing itself goes on. */

/** The promise's value, unless the signal comes first: then its reason. A failure that comes later is ignored. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    // Before anything else: the caller may be gone by the time it fails, and an unhandled failure would end the process.
    promise.then(
      (value) => {
        signal.removeEventListener('abort', leave);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', leave);
        reject(error);
      },
    );
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
  });
}
