/**
 * Milliseconds that the rig waits for something before it counts as failed. Above all that a busy machine may need, and
 * above the 60 s after which a gateway returns what it could not deliver: a wait costs its time only where something is
 * wrong.
 */
export const PATIENCE = 90_000;
