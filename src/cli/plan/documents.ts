/**
 * The documents of manifests: YAML of several documents, JSON, and Lists, read as kubectl reads them (`yes` is a boolean, a date is a text). Documents of other
 * kinds stand between ours in the output of kustomize and Helm; they are passed over.
 */
import { boolYaml11Tag, CORE_SCHEMA, floatYaml11Tag, intYaml11Tag, loadAll, mergeTag } from 'js-yaml';
import * as z from 'zod';
import { apiGroup } from '../../api/names.ts';
import { CommandError } from '../end.ts';
import type { Source } from './sources.ts';

export interface Document {
  /** For messages: the source, and which of its documents. */
  readonly where: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Readonly<Record<string, unknown>>;
}

const schema = CORE_SCHEMA.withTags(boolYaml11Tag, intYaml11Tag, floatYaml11Tag, mergeTag);
const typed = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const list = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });
const yamlError = z.object({ name: z.literal('YAMLException'), mark: z.object({ line: z.number() }) });

/** @throws CommandError for what is neither YAML nor JSON, and for a document that is no object of Kubernetes. */
export function documentsOf(source: Source): readonly Document[] {
  return parse(source).flatMap((value, at) => flatten(value, `${source.name}, document ${at + 1}`));
}

function parse({ name, text }: Source): readonly unknown[] {
  if (text.trim() === '') return [];
  try {
    return [JSON.parse(text)];
  } catch {
    try {
      return loadAll(text, { schema });
    } catch (error) {
      // Messages of the parser quote the file, in which a Secret may stand; the number of the line does not.
      const { data } = yamlError.safeParse(error);
      const line = data === undefined ? '' : ` (line ${data.mark.line + 1})`;
      throw new CommandError(`${name} is neither YAML nor JSON${line}. Correct it, or name a file of manifests.`);
    }
  }
}

function flatten(value: unknown, where: string): readonly Document[] {
  if (value === null || value === undefined) return [];
  const { data: many } = list.safeParse(value);
  if (many !== undefined) return many.items.flatMap((item, at) => flatten(item, `${where}, item ${at + 1}`));
  const { data } = typed.safeParse(value);
  if (data === undefined)
    throw new CommandError(
      `${where} is no object of Kubernetes: it has no apiVersion and kind. Correct it, or take it out.`,
    );
  return [{ where, apiVersion: data.apiVersion, kind: data.kind, raw: data }];
}

/** Whether it is of this operator's API group. */
export const isPlanned = ({ apiVersion }: Document): boolean => apiVersion.startsWith(`${apiGroup}/`);
