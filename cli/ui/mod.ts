/**
 * The browser page, and the server that shows it.
 *
 * @module
 */

export { readPage } from "./serve_page.ts";
export { servePage } from "./server.ts";
