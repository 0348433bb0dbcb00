import type { GetObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";

/** Where an object is. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** One version of an object. */
export interface FetchedObject {
  readonly text: string;
  readonly etag: string;
  /** Last-Modified, ms since the epoch; S3 dates by whole seconds. */
  readonly at: number;
  /** Absent where the bucket keeps no versions. */
  readonly version?: string;
}

/** An object that cannot be had. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
  constructor(
    /** `source-unreachable`: try again later; `source-invalid`: what is there has to be changed first. */
    readonly code: "source-unreachable" | "source-invalid",
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface DocumentObject {
  /**
   * The object, or undefined where it is still the one with that ETag.
   * @throws ObjectError
   */
  fetch(knownEtag: string | undefined): Promise<FetchedObject | undefined>;
}

/** The place that `s3://BUCKET/KEY` names; undefined for anything else. */
export function objectPlace(location: string): ObjectPlace | undefined {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/s.exec(location) ?? [];
  return bucket === undefined || key === undefined || Buffer.byteLength(key) > 1024 ? undefined : { bucket, key };
}

/** ms for a connection, and for an answer without a byte; twice at most. */
const PATIENCE = { connectionTimeout: 5_000, requestTimeout: 10_000 } as const;

/**
 * An object in Amazon S3. Region and credentials come as for every AWS tool: environment, profile, instance role.
 * @param maximumBytes what is longer is refused before it is read whole
 */
export async function openDocumentObject(place: ObjectPlace, maximumBytes: number): Promise<DocumentObject> {
  // Loaded here: the library is large, and the gateway's process never comes here.
  const { GetObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  const client: S3Client = new S3Client({ maxAttempts: 2, requestHandler: PATIENCE });
  const { bucket: Bucket, key: Key } = place;
  return {
    async fetch(knownEtag) {
      try {
        const answer = await client.send(
          new GetObjectCommand({ Bucket, Key, ...(knownEtag === undefined ? {} : { IfNoneMatch: knownEtag }) }),
        );
        return await read(answer, maximumBytes);
      } catch (error) {
        if (error instanceof ObjectError) throw error;
        const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
        if ($metadata?.httpStatusCode === 304) return undefined;
        throw new ObjectError(
          "source-unreachable",
          `s3://${Bucket}/${Key} cannot be fetched: ${name}: ${message.slice(0, 300)}`,
          REMEDY[name] ?? "see that this host reaches S3 in the bucket's region (AWS_REGION); it is tried again",
          { cause: error },
        );
      }
    },
  };
}

const REMEDY: Readonly<Record<string, string>> = {
  AccessDenied: "give this host's role s3:GetObject on the object, and see that it is there",
  NoSuchBucket: "check the bucket's name",
  NoSuchKey: "deploy the document to this key",
  CredentialsProviderError: "give this host a role, or credentials as for every AWS tool",
  RequestTimeTooSkewed: "set this host's clock",
};

async function read(answer: GetObjectCommandOutput, maximumBytes: number): Promise<FetchedObject> {
  const tooLarge = () =>
    new ObjectError(
      "source-invalid",
      `the object has more than ${maximumBytes} bytes`,
      "deploy the compiled document: 100,000 partners take about 35 MB",
    );
  const { Body, ContentLength, ETag, LastModified, VersionId } = answer;
  if ((ContentLength ?? 0) > maximumBytes) {
    (Body as { destroy?(): void } | undefined)?.destroy?.();
    throw tooLarge();
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of Body as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > maximumBytes) throw tooLarge();
    pieces.push(Buffer.from(piece));
  }
  if (ContentLength !== undefined && bytes !== ContentLength) throw new Error("the object was cut off on its way");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new ObjectError("source-invalid", "the object is no text in UTF-8", "deploy the compiled document");
  }
  return {
    text,
    etag: ETag ?? "",
    at: LastModified?.getTime() ?? 0,
    ...(VersionId === undefined ? {} : { version: VersionId }),
  };
}
