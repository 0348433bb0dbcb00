/** Holes that were found in other servers, or in the protocols, and the tests that keep each of them closed here. */

export interface Hole {
  readonly hole: string;
  /** Where it was seen: an advisory, a server's source, a document. */
  readonly seen: string;
  /** A file below test/, and the title in it of a test or of a row of one. */
  readonly tests: readonly (readonly [file: string, title: string])[];
}

export const HOLES: readonly Hole[] = [
  {
    hole: "stanzas are taken on a stream that has not authenticated",
    seen: "Kamailio's xmpp module in server mode",
    tests: [
      ["gateway/s2s/bad-input.test.ts", "a message before authentication"],
      ["gateway/s2s/bad-input.test.ts", "presence before authentication"],
      ["gateway/s2s/bad-input.test.ts", "an iq before authentication"],
      ["gateway/s2s/inbound-machine.test.ts", "refuses a stanza before authentication ($name)"],
      ["gateway/s2s/bidi-machines.test.ts", "between <success/> and the features"],
    ],
  },
  {
    hole: "stanzas are taken from a domain that the stream has not authenticated",
    seen: "Kamailio's xmpp module in server mode",
    tests: [
      ["gateway/s2s/inbound-machine.test.ts", "from another domain"],
      ["gateway/s2s/inbound-machine.test.ts", "from a subdomain"],
      ["gateway/s2s/bidi.test.ts", "of another domain of the same partner"],
    ],
  },
  {
    hole: "a dialback key fits other names, because nothing separates them",
    seen: "CVE-2016-0756 (Prosody)",
    tests: [
      ["gateway/s2s/dialback-key.test.ts", "is an HMAC-SHA256 under the hashed secret, its parts kept apart"],
      [
        "gateway/s2s/dialback-key.test.ts",
        "differs whenever receiving, originating or id differ, as long as none holds a space",
      ],
      ["gateway/s2s/inbound-machine.test.ts", "db:verify with a space in the id"],
    ],
  },
  {
    hole: "the dialback secret can be guessed",
    seen: "CVE-2016-1232 (Prosody)",
    tests: [["gateway/gateway.test.ts", "makes the dialback secret once, of 32 random bytes, and keeps it"]],
  },
  {
    hole: "a key is confirmed for a stream that nobody opens",
    seen: "the Wrong Number Attack (2016)",
    tests: [
      [
        "gateway/s2s/tls.test.ts",
        "is valid for the stream that we are opening now, for its key alone, and not once it is open",
      ],
    ],
  },
  {
    hole: "an answer about a key is believed from the wrong connection, for another id, or a second time",
    seen: "XEP-0220; XEP-0288 section 2.2",
    tests: [
      ["gateway/s2s/federation.test.ts", "ignores an answer with %s, and takes the first right one alone"],
      ["gateway/s2s/inbound-machine.test.ts", "never believes an answer that comes on an inbound stream"],
      [
        "gateway/s2s/federation.test.ts",
        "asks the server that DNS names, never the caller's address, and once for each request",
      ],
    ],
  },
  {
    hole: "a pair is added by an answer of valid that nobody asked for",
    seen: "XEP-0288 section 4",
    tests: [
      ["gateway/s2s/bidi-machines.test.ts", "as an answer that we did not ask for"],
      ["gateway/s2s/tls.test.ts", "a dialback answer with %s is ignored, and nothing is sent"],
    ],
  },
  {
    hole: "EXTERNAL passes with a certificate of another name",
    seen: "CVE-2014-3451 (Openfire)",
    tests: [
      ["gateway/s2s/tls.test.ts", "of a sibling"],
      ["gateway/s2s/tls.test.ts", "a wildcard, two labels deep"],
      ["gateway/s2s/tls.test.ts", "its name as common name alone"],
      ["gateway/s2s/tls.test.ts", "of a CA that nobody trusts"],
      ["gateway/s2s/tls.test.ts", "none at all"],
      ["gateway/s2s/tls.test.ts", "expired: judged by the clock that was passed in"],
      ["gateway/s2s/inbound-machine.test.ts", "a user of the domain"],
      ["gateway/s2s/inbound-machine.test.ts", "a subdomain"],
      ["certificate/identity-names.test.ts", "by an XMPP address in another case"],
      ["certificate/identity-names.test.ts", "by an XMPP address in U-labels"],
    ],
  },
  {
    hole: "a name in a certificate is read as another: NUL, odd string types",
    seen: "the class of CVE-2009-2408",
    tests: [
      ["certificate/certificate.test.ts", "NUL inside a dNSName"],
      ["certificate/certificate.test.ts", "a BMPString in place of a name"],
      ["certificate/identity-names.test.ts", "by an XMPP address as IA5String"],
      ["certificate/identity-names.test.ts", "by an XMPP address with a NUL"],
      ["certificate/identity-names.test.ts", "by an SRVName as UTF8String"],
    ],
  },
  {
    hole: "plain text behind STARTTLS is read as if it came through TLS",
    seen: "the class of CVE-2011-0411",
    tests: [
      ["gateway/s2s/bad-input.test.ts", "plain text behind <starttls/> is never read: the connection closes"],
      [
        "gateway/s2s/bad-input.test.ts",
        "plain text in the next packet behind <starttls/> breaks the handshake, and nothing of it is read",
      ],
      ["gateway/s2s/rates.test.ts", "what is sent behind <starttls/> while waiting is never read as XML"],
      ["gateway/s2s/tls.test.ts", "data behind <proceed/> in the same packet is never read"],
      [
        "gateway/s2s/tls.test.ts",
        "data behind <proceed/> in the next packet breaks the handshake, and nothing is sent",
      ],
    ],
  },
  {
    hole: "STARTTLS is taken out on the way, and the stream goes on in plain",
    seen: "any opportunistic policy",
    tests: [
      ["gateway/s2s/tls.test.ts", "STARTTLS that was offered before and is not now is said so, and nothing is sent"],
      [
        "gateway/s2s/tls.test.ts",
        "<failure/> after the offer never falls back to plain, though the row has TCP dialback",
      ],
    ],
  },
  {
    hole: "entities, attributes or namespaces take all memory",
    seen: "CVE-2011-1753 (ejabberd), CVE-2021-32918 and CVE-2026-43507 (Prosody)",
    tests: [
      ["gateway/s2s/bad-input.test.ts", "nested entities"],
      ["gateway/s2s/bad-input.test.ts", "20,000 attributes"],
      ["gateway/s2s/bad-input.test.ts", "20,000 namespaces"],
      ["gateway/s2s/strangers.test.ts", "80 times 1 MB of %s"],
    ],
  },
  {
    hole: "connections that have not authenticated keep memory, or live for ever",
    seen: "CVE-2026-43506 (Prosody)",
    tests: [
      ["gateway/s2s/strangers.test.ts", "5,000 half-open connections in 20 rounds"],
      ["gateway/s2s/strangers.test.ts", "16 from one address: the oldest goes"],
      ["gateway/s2s/strangers.test.ts", "256 in all: the oldest goes; authenticated ones do not count and stay"],
      ["gateway/s2s/strangers.test.ts", "a stranger has 20 s to TLS, in total and not from its last byte"],
    ],
  },
  {
    hole: "a compression bomb, or compression before TLS",
    seen: "XEP-0138; CVE-2014-8760 (ejabberd)",
    tests: [
      ["gateway/s2s/bad-input.test.ts", "compression, which is never offered"],
      ["gateway/s2s/tls.test.ts", "%s is accepted, without compression"],
    ],
  },
  {
    hole: "TLS renegotiation, or handshakes without end, take the processor",
    seen: "CVE-2021-32920 (Prosody)",
    tests: [
      ["gateway/s2s/tls.test.ts", "renegotiation is refused"],
      ["gateway/s2s/rates.test.ts", "far over the rate of handshakes a peer is told that there are too many"],
    ],
  },
  {
    hole: "two parsers disagree about a stanza, and one is smuggled within another",
    seen: "stanza smuggling against ejabberd and Zoom (2022)",
    tests: [
      ["stream/xml/round-trip.test.ts", "what is printed is read back as it was"],
      ["gateway/s2s/bad-input.test.ts", "bytes that are not UTF-8"],
      [
        "gateway/routing/injection.test.ts",
        "a resource, a body and a subject reach our server as one stanza with the same texts, or not at all",
      ],
    ],
  },
  {
    hole: "an iq answer or a roster push is taken from somebody else",
    seen: "SleekXMPP issue 278",
    tests: [
      ["gateway/s2s/link.test.ts", "an answer that somebody else makes up proves nothing"],
      ["gateway/operation/partner-ping.test.ts", "another user of the domain"],
      ["gateway/routing/relay.test.ts", "%s is never said by a stranger"],
    ],
  },
  {
    hole: "carbons, delays and stanza ids are forged in our name",
    seen: "the family of CVE-2017-5589",
    tests: [
      ["gateway/routing/relay.test.ts", "the client that is meant gets it whole, but for what only our side may say"],
      ["gateway/routing/inbound.test.ts", "carry subject and thread inward, and lose every other extension"],
    ],
  },
  {
    hole: "line feeds and quotes in addresses and texts become headers or markup",
    seen: "gateways to SIP",
    tests: [
      ["definition/names/address.test.ts", "gives no address with a control character, whatever the text"],
      [
        "gateway/routing/injection.test.ts",
        "a resource, a body and a subject reach our server as one stanza with the same texts, or not at all",
      ],
      ["gateway/routing/injection.test.ts", "a status reaches a user inside as its own text"],
    ],
  },
  {
    hole: "probes and requests for presence are multiplied, or flood one user",
    seen: "ejabberd issue 3879",
    tests: [
      [
        "gateway/s2s/presence-rates.test.ts",
        "over the partner's rate are told so; what stands is answered, and later ones are looked at",
      ],
      [
        "gateway/s2s/presence-rates.test.ts",
        "over the rate for one user get no answer; another user's do, and later ones",
      ],
      ["gateway/routing/relay.test.ts", "probes over the rate for one user do not reach our server"],
    ],
  },
  {
    hole: "DNS leads in a circle, to too many targets, or back to ourselves",
    seen: "any server that dials what DNS says",
    tests: [
      [
        "dns/resolver/targets.test.ts",
        "of 100 targets the first 8 are looked up, and of all their addresses 8 are dialled",
      ],
      ["dns/resolver/targets.test.ts", "one host alone gives four"],
      ["dns/resolver/targets.test.ts", "nowhere where its SRV target is the root"],
      ["dns/resolver/targets.test.ts", "our own address and port: %s %d"],
      ["dns/resolver/stub-resolver.test.ts", "three aliases are too many"],
      ["dns/resolver/stub-resolver.test.ts", "a loop of aliases is a failure"],
    ],
  },
  {
    hole: "each chain of certificates that a stranger sends stays in memory",
    seen: "Node 22 to 26, tls getPeerX509Certificate",
    tests: [["certificate/presented-memory.test.ts", "reading chains leaves nothing behind, however long they are"]],
  },
];
