/**
 * What DESIGN ("What the gateway enforces") makes of the 13 valid rows of Lync's table, written out by hand: the tests
 * of both machines hold the code to it.
 */
import type { Method } from "../../../src/definition/negotiation";

const SASL = "sasl-over-tls";
const TLS = "tls-dialback";
const TCP = "tcp-dialback";

/** What an inbound stream is offered; `!` is `<required/>`. */
export type Offer = "" | "starttls!" | "starttls? dialback" | "dialback" | "EXTERNAL" | "EXTERNAL dialback" | "closed";

export interface RowExpectation {
  readonly row: number;
  readonly methods: readonly Method[];
  readonly plain: Offer;
  /** Over TLS with a certificate that proves the domain; undefined: there is no TLS. */
  readonly good?: Offer;
  /** Over TLS with a bad certificate, or none. */
  readonly bad?: Offer;
}

export const ROWS: readonly RowExpectation[] = [
  { row: 1, methods: [SASL], plain: "starttls!", good: "EXTERNAL", bad: "closed" },
  { row: 2, methods: [SASL], plain: "starttls!", good: "EXTERNAL", bad: "closed" },
  { row: 3, methods: [SASL, TLS, TCP], plain: "starttls? dialback", good: "EXTERNAL dialback", bad: "dialback" },
  { row: 4, methods: [SASL], plain: "starttls!", good: "EXTERNAL", bad: "closed" },
  { row: 5, methods: [TCP], plain: "dialback" },
  { row: 7, methods: [SASL, TLS], plain: "starttls!", good: "EXTERNAL dialback", bad: "dialback" },
  { row: 8, methods: [SASL], plain: "starttls!", good: "EXTERNAL", bad: "closed" },
  { row: 9, methods: [SASL, TLS, TCP], plain: "starttls? dialback", good: "EXTERNAL dialback", bad: "dialback" },
  { row: 10, methods: [SASL], plain: "starttls!", good: "EXTERNAL", bad: "closed" },
  { row: 11, methods: [TCP], plain: "dialback" },
  { row: 13, methods: [TLS], plain: "starttls!", good: "dialback", bad: "dialback" },
  { row: 15, methods: [TLS, TCP], plain: "starttls? dialback", good: "dialback", bad: "dialback" },
  { row: 17, methods: [TCP], plain: "dialback" },
];
