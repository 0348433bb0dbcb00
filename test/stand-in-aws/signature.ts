import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { AwsCall } from "./service";

/** The one identity that the stand-in knows. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" } as const;

/** How far a request's date may be from the server's, as AWS documents it. */
const SKEW = 15 * 60_000;

export type Judgement =
  | { readonly ok: true; readonly service: string; readonly region: string }
  | { readonly ok: false; readonly service?: string; readonly code: string; readonly message: string };

/** Checks a request's Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"). */
export function judgeSignature(call: AwsCall, now: number): Judgement {
  const { authorization = "", "x-amz-date": date = "" } = call.headers as Record<string, string | undefined>;
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  if (found === null)
    return {
      ok: false,
      code: "MissingAuthenticationToken",
      message: "the request is not signed by Signature Version 4",
    };
  const [, key = "", day = "", region = "", service = "", headers = "", signature = ""] = found;
  const refuse = (code: string, message: string): Judgement => ({ ok: false, service, code, message });
  const isS3 = service === "s3";
  if (key !== CREDENTIALS.AWS_ACCESS_KEY_ID)
    return refuse(isS3 ? "InvalidAccessKeyId" : "UnrecognizedClientException", `no such access key: ${key}`);
  const moment = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(moment - now) <= SKEW))
    return refuse(
      isS3 ? "RequestTimeTooSkewed" : "InvalidSignatureException",
      isS3 ? "The difference between the request time and the current time is too large." : "Signature expired",
    );
  const payload = createHash("sha256").update(call.body).digest("hex");
  if (isS3 && call.headers["x-amz-content-sha256"] !== payload)
    return refuse("XAmzContentSHA256Mismatch", "the body's checksum does not match");
  const canonical = [
    call.method,
    isS3 ? call.path : call.path.split("/").map(encodeURIComponent).join("/"),
    [...call.query]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join("&"),
    ...headers.split(";").map(
      (name) =>
        `${name}:${String(call.headers[name] ?? "")
          .trim()
          .replace(/ +/g, " ")}`,
    ),
    "",
    headers,
    payload,
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${createHash("sha256").update(canonical).digest("hex")}`;
  const signing = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`,
  );
  const expected = createHmac("sha256", signing).update(text).digest();
  if (!headers.split(";").includes("host") || !timingSafeEqual(expected, Buffer.from(signature, "hex")))
    return refuse(isS3 ? "SignatureDoesNotMatch" : "InvalidSignatureException", "the signature does not match");
  return { ok: true, service, region };
}

const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
