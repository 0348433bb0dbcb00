import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { objectPlace, openDocumentObject } from "../../src/host/document-object";
import { LOOK_INTERVAL, type ObjectReport, watchObject } from "../../src/host/watch-object";
import { S3StandIn } from "../stand-in-aws/s3";
import { AwsStandIn } from "../stand-in-aws/stand-in";

const PLACE = { bucket: "edge-1", key: "some folder/gateway-document.json" };
let s3: S3StandIn;
let aws: AwsStandIn;
const environment = { ...process.env };

beforeEach(async () => {
  s3 = new S3StandIn(PLACE.bucket);
  aws = await new AwsStandIn(s3).start();
  Object.assign(process.env, aws.environment);
});
afterEach(async () => {
  process.env = { ...environment };
  await aws.stop();
});

test.each<[string, object | undefined]>([
  ["s3://edge-1/gateway-document.json", { bucket: "edge-1", key: "gateway-document.json" }],
  ["s3://edge.1/a/b ü.json", { bucket: "edge.1", key: "a/b ü.json" }],
  ["s3://edge-1/", undefined],
  ["s3://edge-1", undefined],
  ["s3://Edge/key", undefined],
  ["s3://a/key", undefined],
  ["s3://user@edge-1/key", undefined],
  [`s3://edge-1/${"ü".repeat(513)}`, undefined],
  ["https://edge-1/key", undefined],
])("%s names %j", (location, place) => {
  expect(objectPlace(location)).toEqual(place);
});

describe("the object (a stand-in of S3's API)", () => {
  test("is fetched with its date and version, and again only when it has changed", async () => {
    const object = await openDocumentObject(PLACE, 1000);
    s3.put(PLACE.key, '{"näme":1}', Date.UTC(2030, 5, 15));
    const first = await object.fetch(undefined);
    expect(first).toMatchObject({ text: '{"näme":1}', at: Date.UTC(2030, 5, 15), version: "version-1" });
    expect(await object.fetch(first?.etag)).toBeUndefined();
    s3.put(PLACE.key, "{}");
    expect(await object.fetch(first?.etag)).toMatchObject({ text: "{}", version: "version-2" });
    expect(aws.calls.map((call) => call.split(" ").at(-1))).toEqual(["200", "304", "200"]);
  });

  test.each<[string, () => void, RegExp, RegExp]>([
    ["is missing", () => undefined, /NoSuchKey/, /deploy/],
    [
      "may not be read",
      () => {
        s3.denied = true;
      },
      /AccessDenied/,
      /s3:GetObject/,
    ],
    [
      "breaks off on its way",
      () => {
        s3.put(PLACE.key, "x".repeat(900));
        s3.breakAfter = 100;
      },
      /cannot be fetched/,
      /tried again/,
    ],
    ["gets a fault of AWS's", () => aws.fail("s3", 500, "InternalError", 9), /InternalError/, /tried again/],
  ])("that %s is out of reach", async (_name, prepare, message, remedy) => {
    prepare();
    const object = await openDocumentObject(PLACE, 1000);
    await expect(object.fetch(undefined)).rejects.toMatchObject({
      code: "source-unreachable",
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
  });

  test.each<[string, string | Buffer]>([
    ["is too long", "x".repeat(1001)],
    ["is no text", Buffer.from([0xff, 0xfe, 0])],
  ])("that %s is invalid", async (_name, body) => {
    s3.put(PLACE.key, body);
    const object = await openDocumentObject(PLACE, 1000);
    await expect(object.fetch(undefined)).rejects.toMatchObject({ code: "source-invalid" });
  });

  test("is fetched in spite of one throttled call, and of a clock that is an hour off", async () => {
    s3.put(PLACE.key, "{}");
    aws.fail("s3", 503, "SlowDown");
    expect(await (await openDocumentObject(PLACE, 1000)).fetch(undefined)).toMatchObject({ text: "{}" });
    aws.now = () => Date.now() + 3_600_000;
    expect(await (await openDocumentObject(PLACE, 1000)).fetch(undefined)).toMatchObject({ text: "{}" });
  });
});

test("each look is reported: what is new whole, what is not as unchanged, failures as such", async () => {
  const reports: ObjectReport[] = [];
  const over = new AbortController();
  const steps = [
    () => undefined,
    () => s3.put(PLACE.key, "two"),
    () => s3.remove(PLACE.key),
    () => s3.put(PLACE.key, "two"),
    () => over.abort(),
  ];
  const waited: number[] = [];
  s3.put(PLACE.key, "one");
  await watchObject({
    object: await openDocumentObject(PLACE, 1000),
    report: (report) => reports.push(report),
    wait: async (milliseconds) => {
      waited.push(milliseconds);
      steps.shift()?.();
    },
    signal: over.signal,
  });
  expect(reports.map((report) => (report.kind === "document" ? report.text : report.kind))).toEqual([
    "one",
    "unchanged",
    "two",
    "failed",
    "unchanged",
  ]);
  expect(new Set(waited)).toEqual(new Set([LOOK_INTERVAL]));
});
