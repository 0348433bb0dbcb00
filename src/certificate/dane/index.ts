export { judgeByTlsa } from "./judge-tlsa";
export { anchorsOf, matchingRecords, recordFor } from "./match-chain";
export { readTlsa, type TlsaRecord, tlsaText, unusableBecause } from "./tlsa-record";
