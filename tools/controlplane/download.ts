/**
 * The official envtest archive: fetched, checked against the pinned SHA-512, and only then unpacked.
 * Nothing of it is trusted before; of what is in it, only the three programs are taken.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as tar from 'tar';
import { ENVTEST_VERSION, PROGRAMS } from './versions.ts';

export const OFFICIAL_RELEASES = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';

export interface Download {
  /** What the archive's path is appended to. */
  readonly releases: string;
  /** As in `linux-amd64`. */
  readonly platform: string;
  readonly sha512: string;
  readonly fetch: typeof fetch;
  /** Until the first byte has come. A machine without a way out should find out soon. */
  readonly connectMs: number;
  /** Without a further byte. */
  readonly idleMs: number;
}

/**
 * Puts the programs into `dir`. `say` gets how much has come.
 * @throws Error whose message ends a sentence that begins "The download failed: ".
 */
export async function downloadPrograms(
  download: Download,
  dir: string,
  say: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = `envtest-${ENVTEST_VERSION}-${download.platform}.tar.gz`;
  const archive = join(dir, file);
  const sha512 = await save(download, `${download.releases}/envtest-${ENVTEST_VERSION}/${file}`, archive, say, signal);
  if (sha512 !== download.sha512) {
    throw new Error(
      `${file} has the SHA-512 ${sha512.slice(0, 12)}… where ${download.sha512.slice(0, 12)}… is expected, so it was not unpacked`,
    );
  }
  const wanted = new Set<string>(PROGRAMS.map((name) => `controller-tools/envtest/${name}`));
  await tar.x({
    file: archive,
    cwd: dir,
    strip: 2,
    strict: true,
    filter: (path, entry) => wanted.has(path) && 'type' in entry && entry.type === 'File',
  });
  await rm(archive);
  for (const name of PROGRAMS) await chmod(join(dir, name), 0o755);
}

/** Fetches into a file and returns the SHA-512 of what came. */
async function save(
  download: Download,
  url: string,
  file: string,
  say: (detail: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const silence = new AbortController();
  const giveUp = (ms: number): NodeJS.Timeout =>
    setTimeout(() => silence.abort(new Error(`nothing came for ${Math.round(ms / 1000)} s`)), ms);
  let timer = giveUp(download.connectMs);
  try {
    const response = await download.fetch(url, { signal: AbortSignal.any([silence.signal, signal]) });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new Error(`the server responded with ${response.status}`);
    }
    const total = Number(response.headers.get('content-length') ?? 0);
    const hash = createHash('sha512');
    let bytes = 0;
    const count = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        clearTimeout(timer);
        timer = giveUp(download.idleMs);
        hash.update(chunk);
        bytes += chunk.byteLength;
        say(`${megabytes(bytes)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB`);
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(response.body), count, createWriteStream(file));
    return hash.digest('hex');
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(reasonOf(silence.signal.aborted ? silence.signal.reason : error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(0);

/** fetch reports only "fetch failed"; what failed is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
