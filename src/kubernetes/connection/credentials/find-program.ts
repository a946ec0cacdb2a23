/** Where a program is that a kubeconfig names, as Go's exec.LookPath finds it: a bare name in the folders of PATH, and never in the working directory. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, sep } from 'node:path';

export type Program =
  | { readonly kind: 'found'; readonly path: string }
  /** `why` completes "its exec plugin X …". */
  | { readonly kind: 'missing'; readonly why: string };

/** @param path the value of PATH */
export async function findProgram(command: string, path: string | undefined): Promise<Program> {
  if (command.includes(sep)) {
    switch (await kindOf(command)) {
      case 'program':
        return { kind: 'found', path: command };
      case 'other':
        return { kind: 'missing', why: 'is no file that this process may execute' };
      case 'nothing':
        return { kind: 'missing', why: 'does not exist' };
    }
  }
  const folders = (path ?? '').split(delimiter).filter(isAbsolute);
  for (const folder of folders) {
    const candidate = join(folder, command);
    if ((await kindOf(candidate)) === 'program') return { kind: 'found', path: candidate };
  }
  return {
    kind: 'missing',
    why:
      folders.length === 0
        ? 'cannot be looked for: PATH is not set'
        : `is in no folder of PATH (${folders.join(delimiter)})`,
  };
}

async function kindOf(path: string): Promise<'program' | 'other' | 'nothing'> {
  try {
    if (!(await stat(path)).isFile()) return 'other';
  } catch {
    return 'nothing';
  }
  return access(path, constants.X_OK).then(
    () => 'program',
    () => 'other',
  );
}
