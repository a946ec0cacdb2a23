/**
 * Signatures with cosign: of the image and the chart where they are, of files by what lies beside them. With the identity of the workflow that runs (keyless, with an entry in the
 * public log), or with a key: then without a log, as a proof on a machine without internet needs it.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export type Signer =
  | { readonly kind: 'identity' }
  /** The key's password is in COSIGN_PASSWORD. */
  | { readonly kind: 'key'; readonly file: string };

export interface Signing {
  readonly cosign: string;
  readonly signer: Signer;
  /** For what cosign is given as files. */
  readonly dir: string;
}

/** An image or a chart, by its digest. @throws Error with cosign's message. */
export async function signArtifact(signing: Signing, reference: string): Promise<void> {
  await cosign(signing, ['sign', '--recursive', ...(await flags(signing)), reference]);
}

/** Adds a signed statement about an image. `predicate` is a file. @throws Error with cosign's message. */
export async function attest(
  signing: Signing,
  reference: string,
  type: 'cyclonedx' | 'slsaprovenance1',
  predicate: string,
): Promise<void> {
  await cosign(signing, ['attest', `--type=${type}`, `--predicate=${predicate}`, ...(await flags(signing)), reference]);
}

/** Signs a file; the signature is written to `bundle`. @throws Error with cosign's message. */
export async function signFile(signing: Signing, file: string, bundle: string): Promise<void> {
  await cosign(signing, ['sign-blob', `--bundle=${bundle}`, ...(await flags(signing)), file]);
}

/** Signs an in-toto statement that names its files itself. @throws Error with cosign's message. */
export async function signStatement(signing: Signing, statement: string, bundle: string): Promise<void> {
  await cosign(signing, ['attest-blob', `--statement=${statement}`, `--bundle=${bundle}`, ...(await flags(signing))]);
}

/** Documents of Sigstore's that name no service: neither a log nor a time stamp takes part, and nothing is fetched to learn which would. */
const noServices = {
  'signing-config': 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
  'trusted-root': 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
} as const;

async function flags({ signer, dir }: Signing): Promise<readonly string[]> {
  switch (signer.kind) {
    case 'identity':
      return ['--yes'];
    case 'key': {
      const given = [`--key=${signer.file}`];
      for (const [name, mediaType] of Object.entries(noServices)) {
        const file = join(dir, `${name}.json`);
        await writeFile(file, JSON.stringify({ mediaType }));
        given.push(`--${name}=${file}`);
      }
      return ['--yes', ...given];
    }
  }
}

const cosign = (signing: Signing, args: readonly string[]) => execa(signing.cosign, args, { stdin: 'ignore' });
