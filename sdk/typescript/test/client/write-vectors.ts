import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { httpVectorsText } from "./http-vectors.js";

// Writes `vectors/http.json` anew; look at what changed, and freeze it in `vectors/SHA256SUMS`.
const file = new URL("../../../../../vectors/http.json", import.meta.url);
writeFileSync(fileURLToPath(file), await httpVectorsText());
