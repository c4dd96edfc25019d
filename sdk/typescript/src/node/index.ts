/** What needs Node: files in folders. */
export { filesIn } from "./files.js";
