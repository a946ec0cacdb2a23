/**
 * The image index of a release, written as an OCI layout: for each platform the base's layers and one more with the operator, the same bytes for all, since it is
 * JavaScript. What is made here depends only on the base, the operator and the time that it is given.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Archive, sha256 } from './archive.ts';
import type { ContainerConfig } from './dockerfile.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** A base for one platform, as `crane pull --format=oci` writes it. */
export interface PulledBase {
  readonly platform: Platform;
  readonly layout: string;
}

export interface ImageParts {
  readonly bases: readonly PulledBase[];
  readonly layer: Archive;
  readonly config: ContainerConfig;
  readonly created: Date;
  /** On the index and on each manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

const oci = (kind: string): string => `application/vnd.oci.image.${kind}`;

const descriptorSchema = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });
const indexSchema = z.object({ manifests: z.array(descriptorSchema) });
const manifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });
const configSchema = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  config: z.looseObject({ Env: z.array(z.string()).nullish(), Labels: z.record(z.string(), z.string()).nullish() }),
  rootfs: z.looseObject({ type: z.string(), diff_ids: z.array(z.string()) }),
  history: z.array(z.unknown()).nullish(),
});

/** Writes the layout to `dir`, which must be empty or absent. Returns the index's descriptor. @throws Error where a base is not one image of its platform. */
export async function writeImage(dir: string, parts: ImageParts): Promise<Descriptor> {
  await mkdir(join(dir, 'blobs/sha256'), { recursive: true });
  const layer = await writeBlob(dir, oci('layer.v1.tar+gzip'), parts.layer.bytes);
  const manifests: (Descriptor & { readonly platform: Platform })[] = [];
  for (const base of parts.bases)
    manifests.push({ ...(await writeManifest(dir, base, layer, parts)), platform: base.platform });
  const index = await writeJson(dir, oci('index.v1+json'), {
    schemaVersion: 2,
    mediaType: oci('index.v1+json'),
    manifests,
    annotations: parts.annotations,
  });
  await writeFile(join(dir, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: oci('index.v1+json'), manifests: [index] }),
  );
  return index;
}

async function writeManifest(
  dir: string,
  { platform, layout }: PulledBase,
  layer: Descriptor,
  { config, created, layer: { contentDigest }, annotations }: ImageParts,
): Promise<Descriptor> {
  const [only, ...others] = indexSchema.parse(await readJson(join(layout, 'index.json'))).manifests;
  if (only === undefined || others.length > 0)
    throw new Error(`${layout} holds ${others.length + (only === undefined ? 0 : 1)} images instead of one.`);
  const below = manifestSchema.parse(await readJson(blobPath(layout, only.digest)));
  const belowConfig = configSchema.parse(await readJson(blobPath(layout, below.config.digest)));
  if (belowConfig.os !== platform.os || belowConfig.architecture !== platform.architecture)
    throw new Error(
      `The base for ${nameOf(platform)} is one for ${nameOf(belowConfig)}: name a base that has both platforms.`,
    );
  for (const { digest } of below.layers) await copyFile(blobPath(layout, digest), blobPath(dir, digest));
  const { Env, Labels, ...rest } = config;
  const made = await writeJson(dir, oci('config.v1+json'), {
    ...belowConfig,
    created: created.toISOString(),
    config: {
      ...belowConfig.config,
      ...rest,
      Env: [...(belowConfig.config.Env ?? []), ...Env],
      Labels: { ...belowConfig.config.Labels, ...Labels },
    },
    rootfs: { ...belowConfig.rootfs, diff_ids: [...belowConfig.rootfs.diff_ids, contentDigest] },
    history: [
      ...(belowConfig.history ?? []),
      { created: created.toISOString(), created_by: 'COPY /app /app', comment: 'acronis-upsell-operator' },
    ],
  });
  return await writeJson(dir, oci('manifest.v1+json'), {
    schemaVersion: 2,
    mediaType: oci('manifest.v1+json'),
    config: made,
    layers: [...below.layers.map(inOciNames), layer],
    annotations,
  });
}

/** Docker's name for the same thing is not mixed with OCI's. */
const inOciNames = (layer: Descriptor): Descriptor =>
  layer.mediaType === 'application/vnd.docker.image.rootfs.diff.tar.gzip'
    ? { ...layer, mediaType: oci('layer.v1.tar+gzip') }
    : layer;

const nameOf = ({ os, architecture }: Platform): string => `${os}/${architecture}`;
const blobPath = (dir: string, digest: string): string => join(dir, 'blobs', digest.replace(':', '/'));
const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

const writeJson = (dir: string, mediaType: string, content: object): Promise<Descriptor> =>
  writeBlob(dir, mediaType, Buffer.from(JSON.stringify(content)));

async function writeBlob(dir: string, mediaType: string, content: Buffer): Promise<Descriptor> {
  const digest = sha256(content);
  await writeFile(blobPath(dir, digest), content);
  return { mediaType, digest, size: content.length };
}
