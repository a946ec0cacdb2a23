/** The keys that a label selector names, as kubectl writes one: `a=b,c!=d,e in (f,g),h,!i`. */
export const selectorKeys = (selector: string): readonly string[] => [
  ...new Set(
    selector
      // Commas between brackets separate values.
      .replace(/\([^)]*\)/g, '')
      .split(',')
      .flatMap((part) => /^\s*!?\s*([\w./-]+)/.exec(part)?.[1] ?? []),
  ),
];
