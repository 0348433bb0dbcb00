import { HttpBackend, LocalBackend, S3Backend, type TerraformStack } from "cdktf";
import { ConstructError } from "./construct-error";

export interface S3StateProps {
  /** A bucket that is there already, with versioning; not one of this stack. */
  readonly bucket: string;
  /** The bucket's region. */
  readonly region: string;
  /**
   * The object's name.
   * @default "xmpp-edge/<stack>.tfstate"
   */
  readonly key?: string;
  /**
   * ARN of a KMS key of yours.
   * @default the bucket's own encryption
   */
  readonly keyArn?: string;
}

export interface HttpStateProps {
  /** `https://…` of the state; GET, POST and DELETE. */
  readonly address: string;
  /**
   * `https://…` that is locked and unlocked.
   * @default `<address>/lock`, as GitLab has it
   */
  readonly lockAddress?: string;
  /**
   * Methods of locking and unlocking.
   * @default ["LOCK", "UNLOCK"], Terraform's own; GitLab wants ["POST", "DELETE"]
   */
  readonly lockMethods?: readonly [lock: string, unlock: string];
}

/**
 * Where Terraform keeps a stack's state. Every one that others can reach is locked: two deploys at once would leave one
 * host with the other's address. Passwords are no props, because what is synthesised is committed and reviewed: give
 * them to Terraform by its own variables (AWS's chain, TF_HTTP_USERNAME, TF_HTTP_PASSWORD).
 */
export class StateBackend {
  private constructor(
    /** Whether the state lies on the machine that deploys. */
    readonly isLocal: boolean,
    /** Puts the backend into a stack. */
    readonly place: (stack: TerraformStack) => void,
  ) {}

  /**
   * A file on the machine that deploys: for one person.
   * @param path relative to the stack's folder
   */
  static local(path: string): StateBackend {
    return new StateBackend(true, (stack) => void new LocalBackend(stack, { path }));
  }

  /** An S3 object, locked by a file beside it (Terraform 1.10 and later; no DynamoDB table). */
  static s3({ bucket, region, key, keyArn }: S3StateProps): StateBackend {
    return new StateBackend(false, (stack) => {
      new S3Backend(stack, {
        bucket,
        region,
        key: key ?? `xmpp-edge/${stack.node.id}.tfstate`,
        encrypt: true,
        ...(keyArn !== undefined && { kmsKeyId: keyArn }),
      });
      // CDKTF is older than the argument.
      stack.addOverride("terraform.backend.s3.use_lockfile", true);
    });
  }

  /**
   * A server that speaks Terraform's HTTP protocol, GitLab's for one.
   * @throws ConstructError where an address is no `https` one, or holds a password
   */
  static http({ address, lockAddress, lockMethods = ["LOCK", "UNLOCK"] }: HttpStateProps): StateBackend {
    checkAddress("address", address);
    const lock = lockAddress ?? `${address}/lock`;
    checkAddress("lockAddress", lock);
    const [lockMethod, unlockMethod] = lockMethods;
    return new StateBackend(
      false,
      (stack) =>
        void new HttpBackend(stack, { address, lockAddress: lock, unlockAddress: lock, lockMethod, unlockMethod }),
    );
  }
}

/** The state holds the addresses and names of everything; on the way it is readable to whoever stands there. */
function checkAddress(prop: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(url.hostname);
  if (url?.protocol !== "https:" && !(isLoopback && url.protocol === "http:"))
    throw new ConstructError("StateBackend", prop, `is no https address: ${JSON.stringify(text)}`, "give https://…");
  if (url.username !== "" || url.password !== "")
    throw new ConstructError(
      "StateBackend",
      prop,
      "holds a user name or password, which would be synthesised",
      "give them to Terraform by TF_HTTP_USERNAME and TF_HTTP_PASSWORD",
    );
}
