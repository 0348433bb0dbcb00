import { homedir } from "node:os";
import { join } from "node:path";

/** Where packages and base layers are kept unless something else is said (XDG Base Directory specification). */
export function defaultCache(): string {
  const { XDG_CACHE_HOME } = process.env;
  return join(XDG_CACHE_HOME?.startsWith("/") ? XDG_CACHE_HOME : join(homedir(), ".cache"), "xmpp-edge");
}
