/** What needs Node: files in folders. */
export { filesIn, namesIn } from "./files.js";
