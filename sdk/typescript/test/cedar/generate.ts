/** Random guards of `cedar-1`, from a seed, for comparison with Cedar itself. */

/** Numbers from a seed (xorshift of 32 bits): the same seed gives the same guards. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

type Kind = "bool" | "long" | "string" | "set" | "record" | "entity";
const KINDS: readonly Kind[] = ["bool", "long", "string", "set", "record", "entity"];

const LONGS = [
  "0",
  "1",
  "2",
  "7",
  "-1",
  "10000",
  "9007199254740991",
  "9223372036854775807",
  "-9223372036854775808",
];
const STRINGS = ['""', '"NO"', '"KP"', '"a*b"', '"ab"', '"a"', '"\\u{e9}"', '"line\\n"', '"\\x41"'];
const PATTERNS = ['"*"', '"a*"', '"*b"', '"a\\*b"', '"*a*b*"', '"N*O"', '"**"', '"a"', '""', '"a*a"'];
const NAMES = ["amount", "flag", "country", "listed", "none"];

/** A text of an expression; `wild` percent of its parts are of a kind that does not fit. */
export function expression(random: Random, kind: Kind, depth: number, wild: number): string {
  const of = random.chance(wild) ? random.pick(KINDS) : kind;
  const text = depth <= 0 ? atom(random, of) : compound(random, of, { depth: depth - 1, wild });
  return random.chance(8) ? `(${text})` : text;
}

function atom(random: Random, kind: Kind): string {
  switch (kind) {
    case "bool":
      return random.pick([
        "true",
        "false",
        "context.claim.flag",
        "resource.flag",
        'context["claim"]["flag"]',
      ]);
    case "long":
      return random.chance(50)
        ? random.pick(LONGS)
        : random.pick(["context.claim.amount", "resource.amount"]);
    case "string":
      return random.chance(50)
        ? random.pick(STRINGS)
        : random.pick(["context.claim.country", "resource.country", "principal.lei", "context.ledger"]);
    case "set":
      return random.pick(["context.listed", '["NO", "KP"]', '["KP"]', "[1, 2]", "[]", "[principal]"]);
    case "record":
      return random.pick(["context.claim", "resource.inner", '{"amount": 1, flag: true}', "{}", "context"]);
    case "entity":
      return random.pick([
        "principal",
        "resource",
        "action",
        'Role::"custodian"',
        'Action::"pay"',
        'Party::"P"',
      ]);
  }
}

interface Room {
  readonly depth: number;
  readonly wild: number;
}

function compound(random: Random, kind: Kind, room: Room): string {
  const inner = (of: Kind): string => expression(random, of, random.below(room.depth + 1), room.wild);
  switch (kind) {
    case "bool":
      return condition(random, inner);
    case "long":
      return random.chance(20)
        ? `-(${inner("long")})`
        : `(${inner("long")}) ${random.pick(["+", "-", "*"])} (${inner("long")})`;
    case "set":
      return `[${Array.from({ length: random.below(4) }, () => inner(random.pick(KINDS))).join(", ")}]`;
    case "record":
      return `{amount: ${inner("long")}, "flag": ${inner("bool")}}`;
    case "string":
    case "entity":
      return random.chance(15) ? `(${inner("record")}).${random.pick(NAMES)}` : atom(random, kind);
  }
}

function condition(random: Random, inner: (kind: Kind) => string): string {
  switch (random.below(13)) {
    case 0:
      return `!(${inner("bool")})`;
    case 1:
    case 2:
      return `(${inner("bool")}) && (${inner("bool")})`;
    case 3:
    case 4:
      return `(${inner("bool")}) || (${inner("bool")})`;
    case 5: {
      const kind = random.pick(KINDS);
      return `(${inner(kind)}) ${random.pick(["==", "!="])} (${inner(kind)})`;
    }
    case 6:
    case 7:
      return `(${inner("long")}) ${random.pick(["<", "<=", ">", ">="])} (${inner("long")})`;
    case 8:
      return `(${inner("entity")}) in (${random.chance(50) ? inner("entity") : '[Role::"issuer", Role::"custodian"]'})`;
    case 9:
      return `(${inner(random.chance(80) ? "record" : "entity")}) has ${has(random)}`;
    case 10:
      return `(${inner("set")}).contains(${inner(random.pick(KINDS))})`;
    case 11:
      return `(${inner("set")}).${random.pick(["containsAll", "containsAny"])}(${inner("set")})`;
    default:
      return `(${inner("string")}) like ${random.pick(PATTERNS)}`;
  }
}

function has(random: Random): string {
  const name = random.pick(NAMES);
  if (random.chance(30)) return `"${name}"`;
  return random.chance(20) ? `claim.${name}` : name;
}
