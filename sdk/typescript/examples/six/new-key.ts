import { newKey } from "./keys.js";

/** `node new-key.js SUITE NAME`: makes `NAME.key`, which no other institution reads, and `NAME.key.pub`. */
const [suite = "", name = ""] = process.argv.slice(2);
newKey(suite, name);
