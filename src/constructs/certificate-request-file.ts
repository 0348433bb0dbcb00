import type { CertificateNames, Definition } from "../definition";

type Key = Definition["certificate"]["key"];

/** ub-common-name of RFC 5280 appendix A.1: a longer name stands in the alternative names alone. */
const LONGEST_COMMON_NAME = 64;

/** The request of a certificate as an OpenSSL configuration file; its first lines say how to use it. */
export function certificateRequestFile({ subject, names }: CertificateNames, key: Key): string {
  const distinguishedName = [
    ["C", subject.country],
    ["ST", subject.state],
    ["L", subject.locality],
    ["O", subject.organization],
    ["OU", subject.organizationalUnit],
    ["CN", subject.commonName.length <= LONGEST_COMMON_NAME ? subject.commonName : undefined],
  ].flatMap(([type, value]) => (value === undefined ? [] : [`${type} = ${escaped(value)}`]));
  return [
    `# Certificate request of the Access Edge ${subject.commonName}. Key and request come from:`,
    `#   openssl req -new -config THIS-FILE -newkey ${keyOptions(key)} -keyout edge.key -out edge.csr`,
    "[req]",
    "prompt = no",
    "utf8 = yes",
    "string_mask = utf8only",
    "distinguished_name = subject",
    "req_extensions = extensions",
    "[subject]",
    ...distinguishedName,
    "[extensions]",
    "subjectAltName = @names",
    "[names]",
    ...names.map(({ name }, at) => `DNS.${at + 1} = ${escaped(name)}`),
    "",
  ].join("\n");
}

function keyOptions({ type, bits }: Key): string {
  return type === "RSA" ? `rsa:${bits}` : `ec -pkeyopt ec_paramgen_curve:P-${bits}`;
}

/** A value in OpenSSL's configuration format, config(5): what would start a comment, a variable or a line is escaped. */
const escaped = (value: string): string =>
  value
    .replace(/[\\#$"'`]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
