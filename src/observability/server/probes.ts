/**
 * The responses of `/livez` and `/readyz`, in the manner of Kubernetes' own servers: named checks, all of which must pass, shown one per line with
 * `?verbose` and always when one fails.
 */
export interface Check {
  readonly name: string;
  /** What is wrong, in a few words; undefined when all is well. Must not take time. */
  readonly problem: () => string | undefined;
  /** What people should know although the check passes; shown with `?verbose`. */
  readonly note?: () => string | undefined;
}

export interface ProbeResponse {
  readonly status: 200 | 500;
  readonly text: string;
}

export function probe(path: 'livez' | 'readyz', checks: readonly Check[], verbose: boolean): ProbeResponse {
  let failed = false;
  const lines = checks.map((check) => {
    const problem = problemOf(check);
    const note = problem === undefined ? check.note?.() : undefined;
    if (problem === undefined) return `[+]${check.name} ok${note === undefined ? '' : `: ${note}`}`;
    failed = true;
    return `[-]${check.name} failed: ${problem}`;
  });
  if (!failed && !verbose) return { status: 200, text: 'ok' };
  return {
    status: failed ? 500 : 200,
    text: `${[...lines, `${path} check ${failed ? 'failed' : 'passed'}`].join('\n')}\n`,
  };
}

function problemOf(check: Check): string | undefined {
  try {
    return check.problem();
  } catch {
    return 'the check itself failed';
  }
}
