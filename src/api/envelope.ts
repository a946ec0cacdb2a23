/** What the objects of all kinds have around spec and status, as the API server sends it, and how the cache keeps it. */
import * as z from 'zod';

/** What the cache keeps of the metadata of every kind. */
export interface Identity {
  /** namespace/name */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
}

/** The parsed spec, or the sentence that says what is wrong with it (an object written under an older or looser CRD). */
export type StoredSpec<S> = { readonly ok: true; readonly value: S } | { readonly ok: false; readonly problem: string };

/** To be extended with what a kind reads besides. */
export const metadataSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.number().default(0),
});

/** Spec and status are optional, as zod has a key that is missing refused otherwise: an object without a status must not be invisible. */
export const envelopeOf = <M extends z.ZodType>(metadata: M) =>
  z.object({ metadata, spec: z.unknown().optional(), status: z.unknown().optional() });

export const identityOf = ({
  namespace,
  name,
  uid,
  resourceVersion,
  generation,
}: z.output<typeof metadataSchema>): Identity => ({
  key: `${namespace}/${name}`,
  namespace,
  name,
  uid,
  resourceVersion,
  generation,
});

/** What is wrong with a stored spec, as a sentence that names each field. */
export const problemOf = (error: z.ZodError): string =>
  error.issues
    .map((issue) => (issue.path.length > 0 ? `spec.${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ');
