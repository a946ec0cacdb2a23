/** What is wrong with a log: lines that are no log lines (a stack trace, a warning of node itself), and unexpected warnings and errors. */
import * as z from 'zod';

const lineSchema = z.looseObject({ level: z.string(), msg: z.string() });

/** A message that a test provokes, and why that is. */
export interface Expected {
  readonly msg: RegExp;
  readonly because: string;
}

export function complaints(lines: readonly string[], expected: readonly Expected[]): string[] {
  return lines.filter((line) => {
    const parsed = parse(line);
    if (parsed === undefined || 'stack' in parsed) return true;
    if (parsed.level === 'info' || parsed.level === 'debug') return false;
    return parsed.level === 'error' || !expected.some(({ msg }) => msg.test(parsed.msg));
  });
}

/** How often each message was said, as `level msg`. */
export function counted(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const parsed = parse(line);
    const what = parsed === undefined ? 'no log line' : `${parsed.level.padEnd(5)} ${parsed.msg}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

function parse(line: string): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
