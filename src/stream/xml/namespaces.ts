/** Streams themselves (RFC 6120 section 4.8.1): `stream`, `features`, `error`. */
export const streamsNamespace = "http://etherx.jabber.org/streams";

/** Stanzas between servers, the default namespace of our streams (RFC 6120 section 4.8.2). */
export const serverNamespace = "jabber:server";

/** Server dialback (XEP-0220 section 2.1.1). */
export const dialbackNamespace = "jabber:server:dialback";
