export { type JudgedObservation, type SurveyTrust, type SurveyTrustOptions, surveyTrust } from "./survey-trust";
