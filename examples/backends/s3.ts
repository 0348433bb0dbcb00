import { StateBackend, synthesise } from "xmpp-edge/constructs";
import contoso from "../contoso/edge.config";

// State in S3, for a team and its pipelines: the bucket is there already, has versioning, and belongs to no stack. Two
// deploys at once do not meet: the second one waits for the lock or gives up.
const backend = StateBackend.s3({ bucket: "contoso-terraform-states", region: "eu-central-1" });

synthesise(contoso, process.env.CDKTF_OUTDIR ?? "cdktf.out", { backend });
