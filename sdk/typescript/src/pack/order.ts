import { fail } from "./failure.js";
import type { Pack } from "./file.js";
import { isSize } from "./heads.js";
import { genesisOf } from "./history.js";

/**
 * Check 2 of `pack.md` §4: records and times stand in the order of a ledger, between genesis and the seal.
 */
export function checkOrder(pack: Pack): void {
  const { certificate, excerpt, seal } = pack;
  checkGenesis(pack);
  if (!isSize(certificate.size)) fail("order", `a head of ${certificate.size} records`);
  let last = -1;
  let time = 0;
  for (const { records, time: at } of excerpt) {
    const first = records[0]?.index;
    if (first === undefined) return fail("order", "a command without records");
    if (at < time || at > seal.time) fail("order", "times decrease, or pass the seal's", first);
    time = at;
    for (const { index, said } of records) {
      if (index <= last || index >= certificate.size - 1) fail("order", "records out of order", index);
      if (said === "seal") fail("order", "a seal in the excerpt", index);
      last = index;
    }
  }
}

function checkGenesis(pack: Pack): void {
  const [group] = pack.excerpt;
  const [record] = group?.records ?? [];
  if (
    group?.command.kind !== "genesis" ||
    group.records.length !== 1 ||
    record?.index !== 0 ||
    record.tag !== 1
  ) {
    fail("order", "genesis does not stand alone at index 0");
  }
  genesisOf(pack);
}
