/** What testssl.sh finds worth a word and stays as it is, by the name of its check. */
export const EXPLAINED: Readonly<Record<string, string>> = {
  cert_chain_of_trust:
    "the certificate of this test is of a lab authority; `xmpp-edge certificate check` judges a real one",
  cert_expirationStatus: "the certificate of this test is valid for 30 days",
  cert_notAfter: "the same",
  cert_revocation: "the lab authority publishes no revocation",
  DNS_CAArecord: "the name is of the test's own zone",
  engine_problem: "says what the scanner's openssl lacks",
  service: "says that the port speaks no HTTP",
};
