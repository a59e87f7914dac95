/**
 * Which implementation the conformance suite judges.
 *
 * @module
 */

export { chooseSubject } from "./choose_subject.ts";
