export { DnssecAnchorError, readAnchors } from "../resolver/dnssec/read-anchors";
export { type JudgedObservation, type SurveyTrust, type SurveyTrustOptions, surveyTrust } from "./survey-trust";
