export { dialbackNamespace, serverNamespace, streamsNamespace } from "./xml/namespaces";

/** Stream error conditions (RFC 6120 section 4.9.2). */
export const streamErrorsNamespace = "urn:ietf:params:xml:ns:xmpp-streams";
/** Stanza error conditions (RFC 6120 section 8.3.2). */
export const stanzaErrorsNamespace = "urn:ietf:params:xml:ns:xmpp-stanzas";
/** RFC 6120 section 5.4. */
export const tlsNamespace = "urn:ietf:params:xml:ns:xmpp-tls";
/** RFC 6120 section 6.4. */
export const saslNamespace = "urn:ietf:params:xml:ns:xmpp-sasl";
/** XEP-0220 section 2.3: dialback announced as a stream feature. */
export const dialbackFeatureNamespace = "urn:xmpp:features:dialback";
/** XEP-0199. */
export const pingNamespace = "urn:xmpp:ping";
/** XEP-0085. */
export const chatStatesNamespace = "http://jabber.org/protocol/chatstates";
/** XEP-0478. */
export const limitsNamespace = "urn:xmpp:stream-limits:0";
/** XEP-0288: announced as a feature under the first, asked for under the second. */
export const bidiFeatureNamespace = "urn:xmpp:features:bidi";
export const bidiNamespace = "urn:xmpp:bidi";
/** XEP-0198. */
export const managementNamespace = "urn:xmpp:sm:3";
