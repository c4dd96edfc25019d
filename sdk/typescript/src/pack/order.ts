import { fail } from "./failure.js";
import type { Pack } from "./file.js";
import { isSize } from "./heads.js";
import { genesisOf } from "./history.js";

/** Check 2 of `pack.md` §4: records and times stand in the order of a ledger, between genesis and the seal. */
export function checkOrder(pack: Pack): void {
  const { certificate, excerpt, seal } = pack;
  if (!isSize(certificate.size)) fail("order", `a head of ${certificate.size} records`);
  checkGenesis(pack);
  let last = -1;
  let time = 0;
  excerpt.forEach(({ command, records, time: at }, group) => {
    const first = records[0]?.index;
    if (first === undefined) return fail("order", "a command without records");
    if (group > 0 && command.kind === "genesis") fail("order", "a second genesis", first);
    if (at < time || at > seal.time) fail("order", "times decrease, or pass the seal's", first);
    time = at;
    for (const { index, said } of records) {
      if (index <= last || index >= certificate.size - 1) fail("order", "records out of order", index);
      if (said === "seal") return fail("order", "a seal in the excerpt", index);
      if (index > 0 && said?.kind === "genesis") fail("order", "a second genesis", index);
      last = index;
    }
  });
}

function checkGenesis(pack: Pack): void {
  const first = pack.excerpt[0];
  if (first?.command.kind !== "genesis" || first.records.length !== 1 || first.records[0]?.index !== 0) {
    fail("order", "genesis does not stand alone at index 0");
  }
  genesisOf(pack);
}
