import { describe, expect, test } from "@jest/globals";
import { metricsLine, metricsOf } from "../../src/host/edge-metrics";

const NOW = Date.UTC(2030, 5, 15, 12);
const status = {
  streams: [{ state: "authenticated" }, { state: "negotiating" }, { state: "authenticated" }],
  queued: 3,
  certificates: [{ notAfter: "2030-08-01T00:00:00Z" }, { notAfter: "2030-06-30T12:00:00Z" }],
};

describe("an edge's metrics", () => {
  test("come from its status: streams with partners, and the certificate that ends first", () => {
    expect(metricsOf(1, status, NOW)).toEqual({ accepting: 1, streams: 2, queued: 3, certificateDaysLeft: 15 });
  });
  test("of a gateway that does not answer are that it does not accept", () => {
    expect(metricsOf(0, undefined, NOW)).toEqual({ accepting: 0 });
  });
  test("of a certificate that has ended are below 0", () => {
    const ended = { ...status, certificates: [{ notAfter: "2030-06-15T11:00:00Z" }] };
    expect(metricsOf(1, ended, NOW).certificateDaysLeft).toBe(-1);
  });
  test("are one line in CloudWatch's embedded metric format", () => {
    expect(JSON.parse(metricsLine("contoso", metricsOf(1, status, NOW), NOW))).toEqual({
      _aws: {
        Timestamp: NOW,
        CloudWatchMetrics: [
          {
            Namespace: "xmpp-edge",
            Dimensions: [["edge"]],
            Metrics: [
              { Name: "Accepting", Unit: "None" },
              { Name: "Streams", Unit: "Count" },
              { Name: "Queued", Unit: "Count" },
              { Name: "CertificateDaysLeft", Unit: "None" },
            ],
          },
        ],
      },
      edge: "contoso",
      Accepting: 1,
      Streams: 2,
      Queued: 3,
      CertificateDaysLeft: 15,
    });
  });
  test("name nothing that could not be learnt", () => {
    expect(JSON.parse(metricsLine("contoso", { accepting: 0 }, NOW))._aws.CloudWatchMetrics[0].Metrics).toEqual([
      { Name: "Accepting", Unit: "None" },
    ]);
  });
});
