/** What a guard of `cedar-1` is made of (`guards.md`). */

export type Variable = "principal" | "action" | "resource" | "context";

/** An entity by its type and id, as `Action::"approve"`. */
export interface Entity {
  readonly kind: "entity";
  readonly type: string;
  readonly id: string;
}

export type BinaryOperator =
  "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "in" | "contains" | "containsAll" | "containsAny";

export type Expression =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "long"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | Entity
  | { readonly kind: "variable"; readonly name: Variable }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not" | "negate"; readonly of: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "has"; readonly of: Expression; readonly name: string }
  | { readonly kind: "like"; readonly of: Expression; readonly pattern: Pattern }
  | { readonly kind: "set"; readonly items: readonly Expression[] }
  | { readonly kind: "record"; readonly fields: ReadonlyMap<string, Expression> };

/** The texts between the wildcards of a `like`: n wildcards part n + 1 texts. */
export type Pattern = readonly string[];

/** One guard. */
export interface Guard {
  /** `@id`, or `guards.cedar:LINE`. */
  readonly id: string;
  readonly effect: "permit" | "forbid";
  /** The role of the scope; none: any principal. */
  readonly role: string | undefined;
  /** The steps of the scope; none: every step. */
  readonly steps: readonly string[] | undefined;
  readonly conditions: readonly { readonly kind: "when" | "unless"; readonly body: Expression }[];
}

/** The parts of an expression, left to right. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "and":
    case "or":
    case "binary":
      return [expression.left, expression.right];
    case "not":
    case "negate":
    case "attribute":
    case "has":
    case "like":
      return [expression.of];
    case "set":
      return expression.items;
    case "record":
      return [...expression.fields.values()];
    case "bool":
    case "long":
    case "string":
    case "entity":
    case "variable":
      return [];
  }
}
