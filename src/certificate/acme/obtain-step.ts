/** Where an order stands, in the order of a good course. After each, a crash costs nothing but time. */
export const OBTAIN_STEPS = [
  /** Left out where the account is known from before. */
  "registered",
  "prepared",
  "ordered",
  "publishing",
  "published",
  "shown",
  "answered",
  "validated",
  "cleared",
  "finalized",
  "downloaded",
  "stored",
  "assigned",
] as const;

export type ObtainStep = (typeof OBTAIN_STEPS)[number];
