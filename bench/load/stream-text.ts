/** Texts of RFC 6120's stream set-up, as the load writes and recognises them. */

export const openStream = ({ from, to, id }: { from: string; to: string; id?: string }): string =>
  "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback'" +
  " xmlns:stream='http://etherx.jabber.org/streams'" +
  `${id === undefined ? "" : ` id='${id}'`} from='${from}' to='${to}' version='1.0'>`;

export const closeStream = "</stream:stream>";
export const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const success = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";

export const authExternal = (domain: string): string =>
  `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>${Buffer.from(domain).toString("base64")}</auth>`;

const features = (content: string) => `<stream:features>${content}</stream:features>`;
export const tlsFeatures = features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
export const externalFeatures = features(
  "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>",
);
export const dialbackFeatures = features("<dialback xmlns='urn:xmpp:features:dialback'/>");
export const managementFeatures = features("<sm xmlns='urn:xmpp:sm:3'/>");
export const noFeatures = features("");

export const hasHeader = (text: string): boolean => /<stream:stream[^>]*>/.test(text);
export const hasFeatures = (text: string): boolean => /<\/stream:features>|<stream:features[^>]*\/>/.test(text);
