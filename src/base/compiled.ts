/**
 * Schemas that parse something for each object or user of a fleet, as one function each: zod's own walk through a schema is some of what an object costs, and what it builds
 * takes more memory. A schema that is parsed now and then is not worth the time that this takes at the start.
 */
import * as z from 'zod';

/**
 * The same schema, faster. Where Node may not make code (`--disallow-code-generation-from-strings`) it is the schema itself.
 * @throws ZodCompileUnsupportedError, ZodCompileAsyncError for a schema of which zod can make no function.
 */
export const compiled = <S extends z.ZodType>(schema: S): S =>
  z.util.allowsEval.value ? z.compile(schema, { strict: true }) : schema;
