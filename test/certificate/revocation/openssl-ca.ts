/** A CA run by the openssl command line: the lists and responses in the tests are another program's. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificate } from "../../../src/certificate/certificate";
import { certificatesOfPem } from "../../../src/certificate/pem";

const CONFIGURATION = `
[ca]
default_ca = this
[this]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
default_md = sha256
default_days = 20
default_crl_days = 7
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
`;

export interface IssuedByOpenssl {
  readonly pem: string;
  readonly keyPem: string;
  readonly certificate: Certificate;
}

export class OpensslCa {
  readonly folder = mkdtempSync(join(tmpdir(), "xmpp-edge-openssl-ca-"));
  readonly ca: IssuedByOpenssl;

  /** @param keyArguments of `openssl req -newkey` */
  constructor(readonly keyArguments: readonly string[] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]) {
    this.write("openssl.cnf", CONFIGURATION);
    this.write("index.txt", "");
    this.write("serial", "1000\n");
    this.write("crlnumber", "01\n");
    this.write("ca.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n");
    this.newKey("ca", "Revoking CA");
    this.run("x509", "-req", "-in", "ca.csr", "-key", "ca.key", "-extfile", "ca.ext", "-days", "30", "-out", "ca.pem");
    this.ca = this.issued("ca");
  }

  /** Issues a certificate; `extensions` are lines of openssl's configuration. */
  issue(name: string, ...extensions: readonly string[]): IssuedByOpenssl {
    this.newKey(name, name);
    this.write(`${name}.ext`, `${extensions.join("\n")}\n`);
    this.run(
      ...["ca", "-batch", "-config", "openssl.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-notext"],
      ...["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`],
    );
    return this.issued(name);
  }

  revoke(name: string, reason = "keyCompromise"): void {
    this.run(
      ...["ca", "-config", "openssl.cnf", "-cert", "ca.pem", "-keyfile", "ca.key"],
      ...["-revoke", `${name}.pem`, "-crl_reason", reason],
    );
  }

  /** The present list in DER; `extensions` are lines of openssl's configuration. */
  list(...extensions: readonly string[]): Buffer {
    this.write("list.cnf", `${CONFIGURATION}\n[list]\n${extensions.join("\n")}\n`);
    this.run(
      ...["ca", "-config", "list.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-gencrl"],
      ...[...(extensions.length > 0 ? ["-crlexts", "list"] : []), "-out", "list.pem"],
    );
    this.run("crl", "-in", "list.pem", "-outform", "DER", "-out", "list.der");
    return readFileSync(join(this.folder, "list.der"));
  }

  /** An OCSP response about a certificate, signed by the CA or by one of its certificates. */
  ocsp(name: string, { signer = "ca", days = 3 } = {}): Buffer {
    this.run("ocsp", "-issuer", "ca.pem", "-cert", `${name}.pem`, "-no_nonce", "-reqout", "request.der");
    this.run(
      ...["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", `${signer}.pem`, "-rkey", `${signer}.key`],
      ...["-reqin", "request.der", "-respout", "response.der", ...(days > 0 ? ["-ndays", String(days)] : [])],
    );
    return readFileSync(join(this.folder, "response.der"));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private newKey(name: string, commonName: string): void {
    this.run(
      ...["req", "-config", "openssl.cnf", "-newkey", ...this.keyArguments, "-nodes", "-keyout", `${name}.key`],
      ...["-subj", `/CN=${commonName}`, "-out", `${name}.csr`],
    );
  }

  private issued(name: string): IssuedByOpenssl {
    const pem = readFileSync(join(this.folder, `${name}.pem`), "utf8");
    const keyPem = readFileSync(join(this.folder, `${name}.key`), "utf8");
    return { pem, keyPem, certificate: Certificate.read(certificatesOfPem(pem)[0]!) };
  }

  private write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text, { mode: 0o600 });
  }

  private run(...command: readonly string[]): void {
    execFileSync("openssl", command, { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
  }
}
