/**
 * What Artifact Hub shows of the chart: annotations in Chart.yaml, made from the CRDs and the samples. All lines above them are written by hand.
 * Images are left out: none is published yet.
 */
import { parse, parseAllDocuments, stringify } from 'yaml';
import * as z from 'zod';

const crdSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.tuple([
      z.object({
        name: z.string(),
        schema: z.object({ openAPIV3Schema: z.object({ description: z.string() }) }),
      }),
    ]),
  }),
});

const comment = '# Made by `npm run generate:chart`.';

/** `Chart.yaml` with its annotations. @throws ZodError where a CRD lacks what is shown of it. */
export function withAnnotations(chart: string, crds: readonly string[], samples: readonly string[]): string {
  const [byHand = ''] = chart.split(comment);
  const shown = crds.map((text) => {
    const { metadata, spec } = crdSchema.parse(parse(text));
    const { kind } = spec.names;
    const [{ name: version, schema }] = spec.versions;
    return {
      kind,
      version,
      name: metadata.name,
      displayName: kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' '),
      description: schema.openAPIV3Schema.description,
    };
  });
  const annotations = {
    'artifacthub.io/category': 'integration-delivery',
    'artifacthub.io/license': 'Apache-2.0',
    'artifacthub.io/operator': 'true',
    'artifacthub.io/operatorCapabilities': 'Deep Insights',
    'artifacthub.io/crds': stringify(shown, { lineWidth: 0 }),
    'artifacthub.io/crdsExamples': stringify(
      samples.flatMap(objectsOf).filter(({ kind }) => shown.some((crd) => crd.kind === kind)),
      { lineWidth: 0 },
    ),
  };
  return `${byHand.trimEnd()}\n${comment}\n${stringify({ annotations }, { lineWidth: 0, blockQuote: 'literal' })}`;
}

const objectsOf = (text: string) =>
  parseAllDocuments(text).map((document) => z.looseObject({ kind: z.string() }).parse(document.toJS()));
