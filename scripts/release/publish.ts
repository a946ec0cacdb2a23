/**
 * What was built goes where people get it: image and chart to the registry, then signatures and statements about them. A version that is there already with another content is
 * never replaced; publishing the same again changes nothing but adds signatures.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { helmOk } from '../../tools/helm/helm.ts';
import type { Progress } from '../../tools/progress.ts';
import { type Release, releaseSchema } from './build-release.ts';
import { attest, type Signer, type Signing, signArtifact, signFile, signStatement } from './sign.ts';

export interface PublishOptions {
  /** Where buildRelease has put everything. */
  readonly out: string;
  readonly programs: { readonly crane: string; readonly helm: string; readonly cosign: string };
  readonly signer: Signer;
  /** For a registry on loopback. */
  readonly plainHttp: boolean;
}

export interface Published {
  /** With digests. */
  readonly image: string;
  readonly chart: string;
}

export const readRelease = async (out: string): Promise<Release> =>
  releaseSchema.parse(
    JSON.parse(
      await readFile(join(out, 'release.json'), 'utf8').catch(() => {
        throw new Error(`There is no release in ${out}: run \`node scripts/release.ts build\` first.`);
      }),
    ),
  );

/** @throws Error where the version is published already with another content, and with the message of the program that failed. */
export async function publishRelease(
  { out, programs, signer, plainHttp }: PublishOptions,
  progress: Progress,
): Promise<Published> {
  const release = await readRelease(out);
  const { repository, digest } = release.image;
  const tagged = `${repository}:${release.version}`;
  const there = await execa(programs.crane, ['digest', tagged], { reject: false, stdin: 'ignore' });
  const found = there.exitCode === 0 ? there.stdout.trim() : undefined;
  if (found !== undefined && found !== digest)
    throw new Error(
      `${tagged} is published already, as ${found}, and this is ${digest}. A published version never changes: release a new one.`,
    );
  await progress.step(`pushing ${tagged}`, () => execa(programs.crane, ['push', join(out, 'image'), tagged]));
  const assets = join(out, 'assets');
  const chart = await progress.step('pushing the chart', async () => {
    const said = await helmOk({ helm: programs.helm }, [
      'push',
      join(assets, release.chart),
      `oci://${release.charts}`,
      ...(plainHttp ? ['--plain-http'] : []),
    ]);
    const [, pushed] = /Digest: (sha256:\w+)/.exec(said) ?? [];
    if (pushed === undefined) throw new Error(`helm did not say under which digest it pushed the chart: ${said}`);
    return `${release.charts}/acronis-upsell-operator@${pushed}`;
  });
  const image = `${repository}@${digest}`;
  const dir = await mkdtemp(join(tmpdir(), 'upsell-signing-'));
  const signing: Signing = { cosign: programs.cosign, signer, dir };
  await progress.step('signing', async () => {
    for (const reference of [image, chart]) await signArtifact(signing, reference);
    await attest(signing, image, 'cyclonedx', join(assets, `acronis-upsell-operator-${release.version}.cdx.json`));
    await attest(signing, image, 'slsaprovenance1', join(out, 'provenance.json'));
    await signFile(signing, join(assets, 'SHA256SUMS'), join(assets, 'SHA256SUMS.sigstore.json'));
    await signStatement(signing, join(out, 'statement.json'), join(assets, 'provenance.sigstore.json'));
  });
  await rm(dir, { recursive: true });
  return { image, chart };
}
