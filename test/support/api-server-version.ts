/** Which minor version of Kubernetes a kube-apiserver is, for tests of what not every version has. */
import { execa } from 'execa';

/** @param program as `inject('programs')['kube-apiserver']`. @returns 36 for 1.36.3. */
export async function minorVersionOf(program: string): Promise<number> {
  const { stdout } = await execa(program, ['--version']);
  const minor = /^Kubernetes v1\.(\d+)\./.exec(stdout)?.[1];
  if (minor === undefined) throw new Error(`${program} calls its version ${stdout}`);
  return Number(minor);
}
