/** How a registry wants to be told who we are (WWW-Authenticate, RFC 9110 11.6.1). */
export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service: string | undefined };

const LONGEST = 4096;
const PART =
  /[\s,]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\t -~])*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+))|(?=[\s,]|$))/y;

/** The challenge that we can answer, bearer before basic; undefined where there is none, or the header is malformed. */
export function readChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > LONGEST) return undefined;
  const offered = new Map<string, Map<string, string>>();
  let parameters: Map<string, string> | undefined;
  const part = new RegExp(PART);
  const text = header.trimEnd().replace(/,$/, "");
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    const [, word = "", quoted, plain] = match;
    const name = word.toLowerCase();
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    if (value === undefined) {
      if (offered.has(name)) return undefined;
      parameters = new Map();
      offered.set(name, parameters);
    } else {
      if (parameters === undefined || parameters.has(name)) return undefined;
      parameters.set(name, value);
    }
  }
  const bearer = offered.get("bearer");
  const realm = bearer?.get("realm");
  if (bearer !== undefined && realm !== undefined) return { scheme: "bearer", realm, service: bearer.get("service") };
  return offered.has("basic") ? { scheme: "basic" } : undefined;
}
