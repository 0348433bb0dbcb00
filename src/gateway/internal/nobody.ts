import type { InternalSide } from "./internal-side";

/** No inner side is defined: there are no users, and nobody answers. */
export const nobody: InternalSide = {
  hasUser: () => false,
  deliver: () => undefined,
  subscribe: () => undefined,
  presence: () => undefined,
  typing: () => undefined,
  availability: () => ({ available: false }),
  close: async () => undefined,
};
