/** What a head may be made for. */
export const domains = ['vision', 'text', 'sound'] as const;
export type Domain = (typeof domains)[number];

/** What a head says about an example: one class, a class for every place, or a list of symbols. */
export const kinds = ['classification', 'dense', 'sequence'] as const;
export type Kind = (typeof kinds)[number];

export interface Choices {
  /** The folder to make; its name is the package's. */
  readonly folder: string;
  readonly domain: Domain;
  readonly kind: Kind;
}
