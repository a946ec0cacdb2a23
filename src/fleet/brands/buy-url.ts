/** What is known of the Buy URL that is in force for a tenant: whether there is one, or why that is not known. */
export type BuyUrl =
  | 'set'
  | 'notSet'
  /** The API client may not read brandings. */
  | 'refused'
  /** It could not be read, or not in time. */
  | 'unavailable';
