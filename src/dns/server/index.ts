export type { RecordServer, RecordServerOptions } from "./record-server";
