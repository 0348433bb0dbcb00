/** Milliseconds before a CA that is at work is asked again, at first. */
export const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/** The pause after one that was too short. */
export const longer = (pause: number): number => Math.min(pause * 2, LONGEST_PAUSE);
