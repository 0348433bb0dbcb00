import { createHash } from "node:crypto";
import type { AwsAnswer, AwsCall, AwsService } from "./service";

interface Version {
  readonly body: Buffer;
  readonly modified: number;
  readonly id: string;
}

/** A stand-in for Amazon S3: GetObject on one versioned bucket, addressed by path. */
export class S3StandIn implements AwsService {
  readonly name = "s3";
  readonly #objects = new Map<string, Version>();
  #versions = 0;
  /** Breaks the connection after so many bytes of an object's body. */
  breakAfter: number | undefined;
  /** Says that nobody may read. */
  denied = false;

  constructor(readonly bucket: string) {}

  /** A new version of an object. S3 dates by whole seconds. */
  put(key: string, body: string | Buffer, modified = Date.now()): string {
    const id = `version-${++this.#versions}`;
    this.#objects.set(key, { body: Buffer.from(body), modified: Math.floor(modified / 1000) * 1000, id });
    return id;
  }

  remove(key: string): void {
    this.#objects.delete(key);
  }

  answer({ method, path, headers }: AwsCall): AwsAnswer {
    const [, bucket = "", key = ""] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(path)) ?? [];
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
      return this.refuse(400, "InvalidBucketName", "The specified bucket is not valid.");
    if (bucket !== this.bucket) return this.refuse(404, "NoSuchBucket", "The specified bucket does not exist");
    if (method !== "GET" || key === "") return this.refuse(405, "MethodNotAllowed", "the stand-in reads objects only");
    if (Buffer.byteLength(key) > 1024) return this.refuse(400, "KeyTooLongError", "Your key is too long");
    if (this.denied) return this.refuse(403, "AccessDenied", "Access Denied");
    const found = this.#objects.get(key);
    if (found === undefined) return this.refuse(404, "NoSuchKey", "The specified key does not exist.");
    const etag = `"${createHash("md5").update(found.body).digest("hex")}"`;
    const about = {
      etag,
      "last-modified": new Date(found.modified).toUTCString(),
      "x-amz-version-id": found.id,
      "accept-ranges": "bytes",
    };
    if (headers["if-none-match"] === etag) return { status: 304, headers: about };
    return {
      status: 200,
      headers: { ...about, "content-type": "application/json" },
      body: found.body,
      ...(this.breakAfter === undefined ? {} : { breakAfter: this.breakAfter }),
    };
  }

  refuse(status: number, code: string, message: string): AwsAnswer {
    return {
      status,
      headers: { "content-type": "application/xml" },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`,
    };
  }
}
