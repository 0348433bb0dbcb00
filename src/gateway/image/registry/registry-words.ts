import type { Answer } from "./exchange";

const LONGEST = 300;
const INVISIBLE = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/**
 * What the registry says about its refusal, as one harmless line; it may be anything, so what is secret is struck out.
 * The specification's form is `{"errors":[{"code","message","detail"}]}`.
 */
export function registryWords({ status, headers, body }: Answer, secrets: readonly string[]): string {
  const text = body.toString("utf8");
  const words = errorsOf(text) ?? (/^text\/plain/.test(headers.get("content-type") ?? "") ? text : "");
  let line = words.replace(INVISIBLE, " ").trim();
  for (const secret of secrets) if (secret.length > 0) line = line.replaceAll(secret, "…");
  if (line.length > LONGEST) line = `${line.slice(0, LONGEST - 1)}…`;
  return line === "" ? `status ${status}` : `status ${status}, ${line}`;
}

function errorsOf(text: string): string | undefined {
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown };
    if (!Array.isArray(errors)) return undefined;
    return errors
      .slice(0, 3)
      .map((error: unknown) => {
        const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
        return [code, message].filter((part) => typeof part === "string").join(": ");
      })
      .join("; ");
  } catch {
    return undefined;
  }
}
