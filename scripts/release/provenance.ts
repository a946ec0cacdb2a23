/** How a release came about, as an in-toto statement (SLSA provenance v1): what was made, from which commit and base, by whom. cosign signs it. */

export interface Subject {
  readonly name: string;
  /** As `sha256:…`. */
  readonly digest: string;
}

export interface Origin {
  readonly version: string;
  readonly commit: string;
  /** The repository's address; absent where it has none. */
  readonly source: string | undefined;
  /** Who ran it: the workflow's address, or `local`. */
  readonly builder: string;
  readonly lockDigest: string;
  /** Base images with their digests. */
  readonly bases: readonly Subject[];
}

export const provenanceType = 'https://slsa.dev/provenance/v1';

/** The predicate alone, as `cosign attest` takes it. */
export const provenance = ({ version, commit, source, builder, lockDigest, bases }: Origin): object => ({
  buildDefinition: {
    buildType: 'urn:acronis-upsell-operator:release:v1',
    externalParameters: { version, ...(source === undefined ? {} : { repository: source }) },
    internalParameters: {},
    resolvedDependencies: [
      { uri: source === undefined ? 'git' : `git+${source}`, digest: { gitCommit: commit } },
      { uri: 'file:package-lock.json', digest: digestSet(lockDigest) },
      ...bases.map(({ name, digest }) => ({ uri: `oci:${name}`, digest: digestSet(digest) })),
    ],
  },
  runDetails: { builder: { id: builder } },
});

/** The whole statement, for the files of a release. */
export const statement = (subjects: readonly Subject[], predicate: object): object => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: subjects.map(({ name, digest }) => ({ name, digest: digestSet(digest) })),
  predicateType: provenanceType,
  predicate,
});

function digestSet(digest: string): Readonly<Record<string, string>> {
  const [algorithm = '', value = ''] = digest.split(':');
  return { [algorithm]: value };
}
