import math from "mathjs/lib/browser/math.js";
import { InputError } from "../errors.js";
import { at } from "./words.js";

// Only mathjs' parser is used. Evaluation is our own, a whole column at a time, because mathjs evaluates one row
// at a time through dynamic dispatch (about a hundred times as slow). mathjs comes in one file: as 650 modules, its parser's alone, it takes
// longer to load than a small fit takes.

const { parse } = math;

/**
 * A node of mathjs' syntax tree, narrowed by `type` to what we read (mathjs' own type does not narrow).
 * Kinds not listed, such as arrays, have only `type`, `toString` and `forEach`.
 */
export type SyntaxNode = NodeBase &
  (
    | { readonly type: "ConstantNode"; readonly value: unknown }
    | { readonly type: "SymbolNode"; readonly name: string }
    | { readonly type: "ParenthesisNode"; readonly content: SyntaxNode }
    | {
        readonly type: "OperatorNode";
        /** As written, e.g. `+`. */
        readonly op: string;
        /** Its name, e.g. `add`. */
        readonly fn: string;
        readonly args: readonly SyntaxNode[];
        /** True for a product written without an operator. */
        readonly implicit: boolean;
      }
    | {
        readonly type: "FunctionNode";
        readonly fn: { readonly name?: string; toString(): string };
        readonly args: readonly SyntaxNode[];
      }
    | {
        readonly type: "ConditionalNode";
        readonly condition: SyntaxNode;
        readonly trueExpr: SyntaxNode;
        readonly falseExpr: SyntaxNode;
      }
    | {
        readonly type: "RelationalNode";
        /** Operator names between neighbouring params. */
        readonly conditionals: readonly string[];
        readonly params: readonly SyntaxNode[];
      }
    | { readonly type: "AssignmentNode" }
    | { readonly type: "AccessorNode" }
    | { readonly type: "ArrayNode" }
  );

interface NodeBase {
  toString(): string;
  /** Visits the direct children. */
  forEach(visit: (child: SyntaxNode) => void): void;
}

/**
 * Parses text with mathjs' parser.
 * @param text - the expression
 * @returns its syntax tree, unchecked
 * @throws InputError pointing at the character where the syntax is wrong
 */
export function parseNode(text: string): SyntaxNode {
  if (text.trim() === "")
    throw new InputError({
      code: "expression-syntax",
      where: `expression "${text}"`,
      message: "The expression is empty.",
      expected: "an expression such as (age - 40) / 10",
    });
  try {
    return parse(text) as unknown as SyntaxNode;
  } catch (error) {
    const position = (error as { char?: number }).char;
    const message = (error as Error).message.replace(/\s*\(char \d+\)$/, "");
    const operator = /&&|\|\||!=?|&|\|/.exec(text)?.[0];
    throw new InputError({
      code: "expression-syntax",
      where: position === undefined ? `expression "${text}"` : at(text, position - 1),
      message: `${message}.`,
      fix:
        operator !== undefined && operator !== "!="
          ? "Write and, or, not in words (not &&, ||, !)."
          : "Check the brackets, commas and operators there.",
    });
  }
}
