export { DnssecAnchorError, readAnchors } from "./read-anchors";
export { type JudgedObservation, type SurveyTrust, type SurveyTrustOptions, surveyTrust } from "./survey-trust";
