/** What `--output` may say. Apart from how each is written, which `--help` does not load. */
export const outputs = ['table', 'json', 'yaml', 'markdown'] as const;
export type OutputFormat = (typeof outputs)[number];
