/**
 * Which versions the site shows, and where. The newest release is at the root, since that is what people run; the tree that is not released yet is at `next/`.
 * Of each minor version the newest patch is shown. Before the first release the tree is at the root.
 */

export interface Version {
  /** What the menu shows. */
  readonly label: string;
  /** Below the site's base: empty, or a name with `/` at its end. */
  readonly path: string;
  /** A tag, or undefined for the working tree. */
  readonly tag?: string;
}

const release = /^v(\d+)\.(\d+)\.(\d+)$/;
const numbers = (tag: string): readonly number[] => (release.exec(tag) ?? []).slice(1).map(Number);
const newestFirst = (a: string, b: string): number =>
  numbers(b)
    .map((number, at) => number - (numbers(a)[at] ?? 0))
    .find((difference) => difference !== 0) ?? 0;

/** Pre-releases and tags of another form are left out. */
export function versionsOf(tags: readonly string[]): readonly Version[] {
  const minors = new Map<string, string>();
  for (const tag of tags.filter((each) => release.test(each)).toSorted(newestFirst)) {
    const minor = numbers(tag).slice(0, 2).join('.');
    if (!minors.has(minor)) minors.set(minor, tag);
  }
  const released = [...minors.values()].map((tag, at) => ({
    label: tag.slice(1),
    path: at === 0 ? '' : `${tag}/`,
    tag,
  }));
  return [...released, { label: 'next', path: released.length === 0 ? '' : 'next/' }];
}
