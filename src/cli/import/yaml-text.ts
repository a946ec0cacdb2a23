/**
 * Text as a YAML scalar that every parser reads back as the same text: YAML 1.1 (kubectl, Helm, Argo CD) and 1.2 alike. Plain only where no parser could take
 * it for anything else; all other text is written as JSON writes it, which is a double-quoted scalar, with what YAML allows in no stream escaped besides.
 */

/** Letters, digits, dots, dashes and underscores that begin with a letter: names of Kubernetes, almost always. */
const plain = /^[a-z]([-_a-z0-9.]*[a-z0-9])?$/;
/** A UUID has letters or dashes where no number and no date has any. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What YAML 1.1 takes for a boolean or for nothing. */
const words: ReadonlySet<string> = new Set(['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false', 'null']);
/** An exponent and nothing before it, which some YAML 1.1 parsers take for a number. */
const exponent = /^e-?[0-9]+$/;

/** Characters that JSON leaves as they are and a YAML stream must not have, or a parser may take for the end of a line or drop. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

export const yamlText = (text: string): string =>
  (plain.test(text) && !words.has(text) && !exponent.test(text)) || uuid.test(text)
    ? text
    : JSON.stringify(text).replace(unprintable, escaped);
