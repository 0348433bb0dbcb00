import { readLive, watchLive } from "../certificate/store/live";
import { type Credentials, CredentialsError } from "../gateway/s2s/own-certificates";
import { UsageError } from "./context";
import { type RunOptions, readSecret, readText } from "./run-options";

/** Where the gateway's own certificates come from. */
export interface CredentialSource {
  /** What to serve now. @throws UsageError, CredentialsError, StoreError */
  read(): readonly Credentials[];
  /** Calls `onChange` when `read` would give something else. Nothing is missed from the moment of this call on. */
  watch(onChange: () => void): { close(): void };
}

/**
 * The source that the options name: files, read once, or a certificate store, which is followed.
 * @throws UsageError where they name none or both
 */
export function credentialSource(options: RunOptions): CredentialSource {
  const { certificateStore: directory, keyPassphraseFile } = options;
  const passphrase =
    keyPassphraseFile === undefined ? {} : { passphrase: readSecret(keyPassphraseFile, "--key-passphrase-file") };
  if (directory === undefined) return fileSource(options, passphrase);
  if (options.certificate !== undefined || options.key !== undefined)
    throw new UsageError("a certificate store and certificate files are given", "give one of the two");
  return {
    read() {
      const live = readLive(directory);
      if (live === undefined)
        throw new CredentialsError(
          `no certificate is live in ${directory}`,
          "make one live by xmpp-edge certificate assign, then start again",
        );
      return [{ certificatePem: live.certificatePem, keyPem: live.keyPem, ...passphrase }];
    },
    watch: (onChange) => watchLive(directory, onChange),
  };
}

function fileSource(options: RunOptions, passphrase: { readonly passphrase?: string }): CredentialSource {
  const certificates = options.certificate ?? [];
  const keys = options.key ?? [];
  if (certificates.length === 0 || certificates.length !== keys.length)
    throw new UsageError(
      `${certificates.length} certificates and ${keys.length} keys are given`,
      "give --certificate FILE and --key FILE, one key for each certificate, or --certificate-store DIRECTORY",
    );
  return {
    read: () =>
      certificates.map((file, index) => ({
        certificatePem: readText(file, "--certificate"),
        keyPem: readText(keys[index] ?? "", "--key"),
        ...passphrase,
      })),
    watch: () => ({ close() {} }),
  };
}
