import { hex, utf8 } from "../bytes.js";
import { writeCanonical, type JsonObject } from "../canonical.js";
import { sha256 } from "../hash.js";
import { StateMap } from "../state-map.js";
import { entityText, mapKey, type Entity } from "./entity.js";

/** One entry of the map, as it stands after the last record that touched it. */
export interface Entry {
  readonly entity: Entity;
  readonly count: number;
  readonly head: string;
  /** Canonical JSON. */
  readonly value: string;
}

/** The entries of the state map. */
export class Entries {
  readonly #entries = new Map<string, Entry>();

  /** A record has touched this entity, which is worth `fields` after it. */
  touch(entity: Entity, record: string, fields: JsonObject): void {
    const key = entityText(entity);
    const count = (this.#entries.get(key)?.count ?? 0) + 1;
    const value = writeCanonical({ ...fields, count, head: record });
    this.#entries.set(key, { entity, count, head: record, value });
  }

  get(entity: Entity): Entry | undefined {
    return this.#entries.get(entityText(entity));
  }

  /** Every entry, in the order in which they were first touched. */
  all(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** The root of a map of all entries. */
  root(): string {
    const map = new StateMap();
    for (const { entity, value } of this.all()) map.set(mapKey(entity), sha256(utf8(value)));
    return hex(map.root());
  }
}
