/** What a registry may take of time and room. Milliseconds and bytes. */
export interface RegistryLimits {
  /** An answer to something small, to its last byte. */
  readonly answer: number;
  /** Between two pieces that the registry takes of a layer, and from the last one to the answer. */
  readonly stall: number;
  /** All of a push; a look or a deletion gets a tenth. */
  readonly whole: number;
  /** Attempts at one thing. */
  readonly attempts: number;
  /** The first wait between attempts; each further one is twice as long. */
  readonly firstWait: number;
  /** The longest wait, also where the registry asks for more. */
  readonly longestWait: number;
}

export const LIMITS: RegistryLimits = {
  answer: 30_000,
  stall: 60_000,
  whole: 3_600_000,
  attempts: 4,
  firstWait: 500,
  longestWait: 60_000,
};

/** Registries take manifests of up to 4 MiB. */
export const LARGEST_MANIFEST = 4 * 1024 * 1024;
/** What is read of an answer that should be empty or an error. */
export const LARGEST_ANSWER = 64 * 1024;
