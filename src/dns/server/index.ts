export { ListenError, type RecordServer, type RecordServerOptions, serveRecords } from "./record-server";
