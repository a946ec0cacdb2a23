/**
 * Resource versions, as far as a client may look into them: those of one resource are decimal numbers that grow, so one that is smaller than another is older.
 * Anything else is compared with nothing.
 */
const decimal = /^[1-9]\d*$/;

/** Whether `version` is surely older than `than`. False for what is not a number. */
export function isOlder(version: string, than: string): boolean {
  // Compared as text first: this runs for each event, and a version that grew is the rule.
  const shorter = version.length < than.length || (version.length === than.length && version < than);
  return shorter && decimal.test(version) && decimal.test(than);
}
