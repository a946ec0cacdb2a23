/** Waiting for something that others wait for too: who gives up leaves, and the thing itself goes on. */

/** The promise's value, unless the signal comes first: then its reason. Nobody need be left to hear a failure. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    // Before anything else: whoever asked may be gone by the time it fails, and an unheard failure would end the process.
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
