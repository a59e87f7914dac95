/** The reference subject as a TypeScript adapter: `module:` with this file judges it through the protocol. */
export { createOracleSubject as createSubject } from "../../subjects/oracle.ts";
