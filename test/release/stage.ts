/**
 * What the proof of a release stands on: a release that was built and published to a registry on loopback, signed with a key of the moment.
 * RELEASE=quick takes this machine's platform alone.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { buildRelease, type Release } from '../../scripts/release/build-release.ts';
import { type Published, publishRelease } from '../../scripts/release/publish.ts';
import { createProgress, type Progress } from '../../tools/progress.ts';
import { type Architecture, ownArchitecture } from './base.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const isQuick = process.env['RELEASE'] === 'quick';
export const architectures: readonly Architecture[] = isQuick ? [ownArchitecture] : ['amd64', 'arm64'];

/** Where everything is for a build. */
export interface Surroundings {
  readonly host: string;
  /** The image's base, at the registry. */
  readonly base: string;
  readonly commit: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly programs: Readonly<Record<'cosign' | 'crane' | 'helm' | 'kubeconform' | 'registry', string>>;
  /** The directory of cosign.key and cosign.pub. */
  readonly keys: string;
}

/** A release that is there. */
export interface Stage extends Surroundings {
  readonly release: Release;
  /** Where it was built. */
  readonly out: string;
  readonly published: Published;
}

export const buildIn = (
  { host, base, commit, epoch, programs }: Surroundings,
  checkout: string,
  out: string,
  progress: Progress,
): Promise<Release> =>
  buildRelease(
    {
      ...{ root: checkout, out, base, commit, created: new Date(epoch * 1_000), programs },
      registry: `${host}/acme`,
      platforms: architectures.map((architecture) => ({ os: 'linux', architecture })),
      tag: undefined,
      source: undefined,
      builder: 'urn:acronis-upsell-operator:test',
    },
    progress,
  );

export const publishFrom = ({ programs, keys }: Surroundings, out: string, progress: Progress): Promise<Published> =>
  publishRelease({ out, programs, signer: { kind: 'key', file: join(keys, 'cosign.key') }, plainHttp: true }, progress);

/** In a test: the same once more, from another checkout. */
export const build = (checkout: string, out: string): Promise<Release> =>
  buildIn(inject('release'), checkout, out, createProgress());

/** In a test: what is in `out`, to where the release is. */
export const publish = (out: string): Promise<Published> => publishFrom(inject('release'), out, createProgress());
