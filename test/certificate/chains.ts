/** Certificate chains for partner.example: what the peer presents, leaf first, and what must be said to it. */
import type { ChainRefusal } from "../../src/certificate/refusal";
import {
  CLIENT_AUTH,
  CODE_SIGNING,
  Extension,
  type Issued,
  type IssueOptions,
  issue,
  KeyUsageFlags,
  rsa,
  SERVER_AUTH,
} from "./authority";

/** The domain that every leaf is for, unless a case is about names. */
export const DOMAIN = "partner.example";

/** What most chains are made of. */
export class Scenery {
  private constructor(
    /** The trust anchor, and another one for RSA. */
    readonly root: Issued,
    readonly rsaRoot: Issued,
    /** A sound intermediate below the root. */
    readonly issuing: Issued,
    /** A root that nobody trusts, and one that has the anchor's name and another key. */
    readonly other: Issued,
    readonly twin: Issued,
  ) {}

  static async build(): Promise<Scenery> {
    const root = await issue({ subject: "CN=Root", ca: true });
    return new Scenery(
      root,
      await issue({ subject: "CN=RSA root", ca: true, keys: rsa(2048) }),
      await issue({ subject: "CN=Issuing", issuer: root, ca: true }),
      await issue({ subject: "CN=Other root", ca: true }),
      await issue({ subject: "CN=Root", ca: true }),
    );
  }

  /** What the partner has configured. */
  get anchors(): readonly Issued[] {
    return [this.root, this.rsaRoot];
  }

  /** Another intermediate of the same name. */
  ca(options: Partial<IssueOptions> = {}): Promise<Issued> {
    return issue({ subject: "CN=Issuing", issuer: this.root, ca: true, ...options });
  }

  leaf(options: Partial<IssueOptions> = {}): Promise<Issued> {
    const usual = { subject: "CN=partner.example", names: [DOMAIN], purposes: [SERVER_AUTH] };
    return issue({ ...usual, issuer: this.issuing, ...options });
  }

  /** A leaf below the sound intermediate. */
  async withLeaf(options: Partial<IssueOptions> = {}): Promise<Issued[]> {
    return [await this.leaf(options), this.issuing];
  }

  /** A leaf below an intermediate of its own. */
  async below(intermediate: Partial<IssueOptions>, leaf: Partial<IssueOptions> = {}): Promise<Issued[]> {
    const ca = await this.ca(intermediate);
    return [await this.leaf({ issuer: ca, ...leaf }), ca];
  }

  /** A leaf below two intermediates, the upper one with this path length. */
  async twoDeep(pathLength: number): Promise<Issued[]> {
    const upper = await this.ca({ pathLength });
    const lower = await issue({ subject: "CN=Sub", issuer: upper, ca: true });
    return [await this.leaf({ issuer: lower }), lower, upper];
  }
}

export interface ChainCase {
  readonly name: string;
  readonly expected: "accept" | ChainRefusal;
  readonly build: (scenery: Scenery) => Promise<readonly Issued[]>;
}

const UNKNOWN_CRITICAL = new Extension("1.3.6.1.4.1.55555.1", true, new Uint8Array([5, 0]));
const { keyCertSign, cRLSign } = KeyUsageFlags;

/** The twenty-eight chains that TLS and certificate libraries disagree about. */
export const CHAINS: readonly ChainCase[] = [
  { name: "serverAuth only", expected: "accept", build: (on) => on.withLeaf() },
  {
    name: "serverAuth and clientAuth",
    expected: "accept",
    build: (on) => on.withLeaf({ purposes: [SERVER_AUTH, CLIENT_AUTH] }),
  },
  { name: "root sent along", expected: "accept", build: async (on) => [...(await on.withLeaf()), on.root] },
  {
    name: "wrong order, extra certificate",
    expected: "accept",
    build: async (on) => [await on.leaf(), on.other, on.issuing],
  },
  {
    name: "wildcard for names below only",
    expected: "wrong-name",
    build: (on) => on.withLeaf({ names: ["*.partner.example"] }),
  },
  {
    name: "untrusted root",
    expected: "untrusted",
    build: async (on) => [...(await on.below({ issuer: on.other })), on.other],
  },
  { name: "self-signed leaf", expected: "untrusted", build: async (on) => [await on.leaf({ issuer: undefined })] },
  { name: "intermediate missing", expected: "untrusted", build: async (on) => [await on.leaf()] },
  {
    name: "forged: issuer's name, another key",
    expected: "untrusted",
    build: (on) => on.below({ signWith: on.twin }),
  },
  { name: "forged leaf signature", expected: "untrusted", build: (on) => on.withLeaf({ signWith: on.other }) },
  { name: "expired leaf", expected: "expired", build: (on) => on.withLeaf({ from: -20, to: -1 }) },
  { name: "leaf not yet valid", expected: "expired", build: (on) => on.withLeaf({ from: 2 }) },
  { name: "expired intermediate", expected: "expired", build: (on) => on.below({ from: -20, to: -1 }) },
  { name: "intermediate not a CA", expected: "not-a-ca", build: (on) => on.below({ ca: false }) },
  {
    name: "intermediate without basicConstraints",
    expected: "not-a-ca",
    build: (on) => on.below({ ca: null, usages: keyCertSign }),
  },
  {
    name: "intermediate without keyCertSign",
    expected: "no-keyCertSign",
    build: (on) => on.below({ usages: cRLSign }),
  },
  { name: "path length exceeded", expected: "path-length", build: (on) => on.twoDeep(0) },
  { name: "path length kept", expected: "accept", build: (on) => on.twoDeep(1) },
  { name: "name constraint: permitted", expected: "accept", build: (on) => on.below({ permitted: ["example"] }) },
  {
    name: "name constraint: not permitted",
    expected: "name-constraint",
    build: (on) => on.below({ permitted: ["other.example"] }),
  },
  {
    name: "name constraint: excluded",
    expected: "name-constraint",
    build: (on) => on.below({ excluded: ["partner.example"] }),
  },
  { name: "wrong name", expected: "wrong-name", build: (on) => on.withLeaf({ names: ["elsewhere.example"] }) },
  { name: "name in CN only", expected: "wrong-name", build: (on) => on.withLeaf({ names: [] }) },
  {
    name: "no usage for TLS (code signing)",
    expected: "usage",
    build: (on) => on.withLeaf({ purposes: [CODE_SIGNING] }),
  },
  {
    name: "unknown critical extension",
    expected: "unknown-critical-extension",
    build: (on) => on.withLeaf({ extensions: [UNKNOWN_CRITICAL] }),
  },
  { name: "SHA-1 signature", expected: "weak-signature", build: (on) => on.withLeaf({ hash: "SHA-1" }) },
  { name: "RSA 1024 leaf key", expected: "weak-key", build: (on) => on.withLeaf({ keys: rsa(1024) }) },
  {
    name: "RSA 2048 throughout",
    expected: "accept",
    build: async (on) => [await on.leaf({ issuer: on.rsaRoot, keys: rsa(2048) })],
  },
];
