import { type DocumentCertificate, documentCertificate } from "../../definition";
import { DocumentError, readGatewayDocument } from "../../gateway/read-document";
import { type CliContext, UsageError } from "../context";
import { MAXIMUM_DOCUMENT_BYTES } from "../run-document";
import { readText } from "../run-options";

/** A certificate that can be obtained without a hand on it. */
export interface WantedCertificate extends DocumentCertificate {
  /** A definition may name it; a compiled document never names a file. */
  readonly tsigKeyFile?: string;
}

/** Standard input, which holds a compiled document then. */
const STANDARD_INPUT = "-";
const CALLED = { acme: "ACME", acm: "ACM" } as const;

/**
 * What certificate a definition or a compiled gateway document asks for.
 * @throws UsageError where it cannot be read, is invalid, or has its certificate from elsewhere
 */
export async function wantedCertificate(
  file: string,
  source: DocumentCertificate["source"],
  context: CliContext,
): Promise<WantedCertificate> {
  const { wanted, from } = await read(file, context);
  if (wanted?.source === source) return wanted;
  throw new UsageError(
    `the definition's certificate comes from ${from}, not from ${CALLED[source]}`,
    `set certificate.source to { "kind": "${source}" }`,
  );
}

async function read(
  file: string,
  context: CliContext,
): Promise<{ readonly wanted: WantedCertificate | undefined; readonly from: string }> {
  const document = file === STANDARD_INPUT ? parsed(await standardInput()) : compiled(file);
  if (document !== undefined) {
    const { certificate } = judged(document);
    return { wanted: certificate, from: certificate?.source ?? "a source that the document does not name" };
  }
  const definition = await context.load(file);
  const { dns, certificate } = definition;
  const wanted = documentCertificate(definition);
  const tsigKeyFile = dns.kind === "rfc2136" ? { tsigKeyFile: dns.tsigKeyFile } : {};
  return { wanted: wanted === undefined ? undefined : { ...wanted, ...tsigKeyFile }, from: certificate.source.kind };
}

function judged(document: unknown) {
  try {
    return readGatewayDocument(document);
  } catch (error) {
    if (error instanceof DocumentError) throw new UsageError(error.message, error.remedy);
    throw error;
  }
}

/** What a file holds, if it is a compiled document; a definition has no `format`. */
function compiled(file: string): unknown {
  if (!file.endsWith(".json")) return undefined;
  try {
    const value: unknown = JSON.parse(readText(file, "<definition>"));
    return (value as { readonly format?: unknown } | null)?.format === undefined ? undefined : value;
  } catch {
    return undefined; // the loader says what is wrong with it, and where
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("standard input holds no JSON", "give a compiled gateway document");
  }
}

async function standardInput(): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAXIMUM_DOCUMENT_BYTES)
      throw new UsageError("standard input is too long for a document", "give a compiled gateway document");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
