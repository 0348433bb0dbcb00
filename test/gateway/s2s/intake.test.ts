import { describe, expect, test } from "@jest/globals";
import { Counters } from "../../../src/gateway/counters";
import { Intake, type IntakeOptions, UNAUTHENTICATED_BYTES } from "../../../src/gateway/s2s/intake";
import { BYTES_PER_PARTNER, PartnerRates, STANZAS_PER_PARTNER } from "../../../src/gateway/s2s/partner-rates";

function open(more: Partial<IntakeOptions> = {}) {
  const counters = new Counters();
  const world = { now: 1_000_000, partner: "fabrikam.example" as string | undefined, congested: false };
  const rates = new PartnerRates(() => world.now);
  const stream = () =>
    new Intake({
      rates,
      counters,
      unlimited: false,
      partner: () => world.partner,
      congested: () => world.congested,
      ...more,
    });
  const delayed = (reason: string) => counters.get(`reads_delayed_total{reason="${reason}"}`);
  return { world, stream, delayed };
}

function read(intake: Intake, stanzas: number, bytes: number): number | "too much" {
  for (let index = 0; index < stanzas; index++) intake.stanza();
  return intake.read(bytes);
}

describe("a partner", () => {
  test("is read at once within its stanza rate, and later beyond it", () => {
    const { stream, delayed } = open();
    const intake = stream();
    const { perSecond, burst } = STANZAS_PER_PARTNER;
    expect(read(intake, burst, 1)).toBe(0);
    expect(read(intake, perSecond / 4, 1)).toBe(250);
    expect(delayed("rate")).toBe(1);
  });

  test("is read later beyond its byte rate, white space included", () => {
    const { stream } = open();
    const intake = stream();
    expect(read(intake, 0, BYTES_PER_PARTNER.burst)).toBe(0);
    expect(read(intake, 0, BYTES_PER_PARTNER.perSecond / 2)).toBe(500);
  });

  test("has one rate for all its streams; another partner has its own", () => {
    const { world, stream } = open();
    expect(read(stream(), STANZAS_PER_PARTNER.burst, 1)).toBe(0);
    const second = stream();
    expect(read(second, STANZAS_PER_PARTNER.perSecond, 1)).toBe(1_000);
    world.now += 1_000;
    expect(read(second, 0, 1)).toBe(0);
    world.partner = "northwind.example";
    expect(read(stream(), STANZAS_PER_PARTNER.burst, 1)).toBe(0);
  });

  test("has no rate from a range named by hand", () => {
    const { stream } = open({ unlimited: true });
    expect(read(stream(), 1_000_000, 1024 ** 3)).toBe(0);
  });

  test("that does not take what it causes is read slowly, and goes on being read", () => {
    const { world, stream, delayed } = open({ unlimited: true });
    const intake = stream();
    world.congested = true;
    expect(read(intake, 1, 100)).toBe(250);
    expect(delayed("congestion")).toBe(1);
    world.congested = false;
    expect(read(intake, 1, 100)).toBe(0);
  });
});

test("somebody who has not authenticated may send so much in all", () => {
  const { world, stream } = open();
  world.partner = undefined;
  const intake = stream();
  for (let sent = 0; sent < UNAUTHENTICATED_BYTES; sent += 1024) expect(read(intake, 0, 1024)).toBe(0);
  expect(read(intake, 0, 1)).toBe("too much");
});
