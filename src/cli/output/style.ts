/** What a colour is used for; without colour the words have to say it, and do. */
export type Role = "error" | "warning" | "info" | "good" | "strong" | "faint";

/** SGR parameters (ECMA-48 section 8.3.117). */
const CODES: Readonly<Record<Role, number>> = { error: 31, warning: 33, info: 36, good: 32, strong: 1, faint: 2 };

export type Style = (role: Role, text: string) => string;

export function styleFor(colour: boolean): Style {
  return colour ? (role, text) => `\u001b[${CODES[role]}m${text}\u001b[0m` : (_, text) => text;
}
