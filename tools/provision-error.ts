/** The message is a sentence for the person who typed the command. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

/** Without its full stop, so that it can stand inside a sentence. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
