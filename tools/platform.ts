/** `linux-amd64` and the like: Go's names, which caches and archives use, made from Node's. */
export function platformName(os: string = process.platform, arch: string = process.arch): string {
  return `${os}-${arch === 'x64' ? 'amd64' : arch}`;
}
