export { type IdentityVerdict, PeerIdentity, publicKeyPin } from "../../certificate/peer-identity";
