import fc from "fast-check";
import { create, parseDependencies } from "mathjs/number";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/core/errors.js";
import { parseNode, type SyntaxNode } from "../../../src/core/expression/syntax.js";

const { parse } = create({ parseDependencies }, { number: "number" });

/** What we read of mathjs' tree. */
interface MathNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly content?: MathNode;
  readonly fn?: unknown;
  readonly args?: readonly MathNode[];
  readonly implicit?: boolean;
  readonly params?: readonly MathNode[];
  readonly conditionals?: readonly string[];
  readonly condition?: MathNode;
  readonly trueExpr?: MathNode;
  readonly falseExpr?: MathNode;
}

const COMPARISONS = ["equal", "unequal", "smaller", "smallerEq", "larger", "largerEq"];

/** Mathjs' tree as one of ours. */
function asOurs(node: MathNode): SyntaxNode {
  switch (node.type) {
    case "ParenthesisNode":
      return asOurs(node.content!);
    case "ConstantNode":
      return typeof node.value === "string"
        ? { kind: "text", value: node.value }
        : { kind: "number", value: Number(node.value) };
    case "SymbolNode":
      return { kind: "name", name: node.name! };
    case "FunctionNode":
      return { kind: "call", name: (node.fn as MathNode).name!, args: node.args!.map(asOurs) };
    case "ConditionalNode":
      return {
        kind: "choice",
        condition: asOurs(node.condition!),
        yes: asOurs(node.trueExpr!),
        no: asOurs(node.falseExpr!),
      };
    case "RelationalNode":
      return { kind: "comparison", operators: node.conditionals!, operands: node.params!.map(asOurs) };
    case "OperatorNode": {
      if (node.implicit) break;
      const operator = String(node.fn);
      const [left, right] = node.args!.map(asOurs);
      if (right === undefined) return { kind: "unary", operator, operand: left! };
      if (COMPARISONS.includes(operator))
        return { kind: "comparison", operators: [operator], operands: [left!, right] };
      return { kind: "binary", operator, left: left!, right };
    }
  }
  throw new Error(`mathjs reads a ${node.type}`);
}

const OPERATORS = ["+", "-", "*", "/", "%", "mod", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or", "xor"];

/** Expressions with brackets or without. */
const expressions = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "a",
      "b_2",
      "7",
      ".5",
      "2.",
      "1.5e-3",
      '"x y"',
      "'it\\'s'",
      '"a\\\\\\u0041\\n"',
      "true",
      "NaN",
    ),
    fc.tuple(tie("e"), fc.constantFrom(...OPERATORS), tie("e")).map((parts) => parts.join(" ")),
    fc.tuple(tie("e"), fc.constantFrom(...OPERATORS), tie("e")).map((parts) => parts.join(" ")),
    fc.tuple(fc.constantFrom("-", "+", "not "), tie("e")).map((parts) => parts.join("")),
    tie("e").map((inner) => `(${inner})`),
    fc.array(tie("e"), { maxLength: 3 }).map((args) => `f(${args.join(", ")})`),
    // Mathjs takes the second colon of `a ? b ? c : d : e` for a range.
    fc.tuple(tie("e"), tie("e"), tie("e")).map(([a, b, c]) => `${a} ? (${b}) : ${c}`),
  ),
})).e;

describe("parseNode", () => {
  it("reads what mathjs reads, with the same precedence", () => {
    fc.assert(
      fc.property(expressions, (text) => {
        expect(parseNode(text), text).toEqual(asOurs(parse(text) as unknown as MathNode));
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses what mathjs refuses", () => {
    const words = [...OPERATORS, "a", "2", '"t"', "(", ")", "f(", ",", "?", ":", "not"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 7 }), (sequence) => {
        const text = sequence.join(" ");
        let ours: SyntaxNode;
        try {
          ours = parseNode(text);
        } catch (error) {
          expect(error, text).toBeInstanceOf(InputError);
          return;
        }
        expect(ours, text).toEqual(asOurs(parse(text) as unknown as MathNode));
      }),
      { numRuns: 5000 },
    );
  });

  it("says of any text what is wrong with it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (text) => {
        try {
          parseNode(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("reads names in any script, and line breaks as space", () => {
    expect(parseNode("größe_2\n  + Ω")).toEqual({
      kind: "binary",
      operator: "add",
      left: { kind: "name", name: "größe_2" },
      right: { kind: "name", name: "Ω" },
    });
  });

  it.each([
    ["age + * 2", "There is * where a value should be.", 7],
    ["(age + 2", "The expression ends too early.", 9],
    ["age + ", "The expression ends where a value should be.", 7],
    ["age)", "There is ) where none should be.", 4],
    ["and age", "There is and where a value should be.", 1],
    ["2 age", "An operator is missing before age.", 3],
    ["(2 age)", "An operator is missing before age.", 4],
    ["(age)(2)", "An operator is missing before (.", 6],
    ["age = 3", "= assigns, which an expression cannot do.", 5],
    ["min(a, b = 2)", "= assigns, which an expression cannot do.", 10],
    ["age && b", "The character & has no meaning here.", 5],
    ['sex == "f', "The text in quotes has no end, or a backslash that stands for nothing.", 8],
    ["1 + age.at.start", "age.at.start is not a name that can stand in an expression.", 5],
  ])("points at the mistake in %s", (text, message, character) => {
    let error: unknown;
    try {
      parseNode(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).problems).toMatchObject([
      { message, where: `expression "${text}", character ${character}` },
    ]);
  });
});
