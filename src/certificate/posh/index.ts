export { judgeByPosh, type PoshQuestion } from "./judge-posh";
export {
  POSH_DOCUMENT_BYTES,
  POSH_URL_LENGTH,
  type PoshDocument,
  PoshDocumentError,
  type PoshFingerprint,
  readPoshDocument,
} from "./posh-document";
