import { nearestName, type Problem } from "../errors.js";
import { ARITHMETIC, ARITY, COMPARISONS, UNARY_OPERATORS } from "./operators.js";
import type { SyntaxNode } from "./syntax.js";
import { at, listNames, whereName } from "./words.js";

/** What a check has found so far. */
export interface CheckedNames {
  /** Names of columns and constants read, in order of first use. */
  readonly symbols: Set<string>;
  readonly problems: Problem[];
}

/** Takes down a mistake; `where` is the whole expression unless told. */
type Reject = (message: string, fix?: string, where?: string) => void;

/**
 * Checks that everything in a syntax tree can be evaluated, and collects the names it reads.
 * @param node - the tree, as parsed
 * @param text - the expression as written, for error messages
 * @param found - names and mistakes, added to
 */
export function checkNode(node: SyntaxNode, text: string, found: CheckedNames): void {
  const reject: Reject = (message, fix, where = `expression "${text}"`) => {
    found.problems.push({
      code: "expression-unsupported",
      where,
      message,
      ...(fix === undefined ? {} : { fix }),
    });
  };
  switch (node.type) {
    case "ParenthesisNode":
    case "ConditionalNode":
    case "RelationalNode":
      break;
    case "ConstantNode": {
      const constant: unknown = node.value;
      if (typeof constant !== "number" && typeof constant !== "string" && typeof constant !== "boolean")
        reject(`The constant ${String(constant)} has no meaning here.`);
      return;
    }
    case "SymbolNode":
      found.symbols.add(node.name);
      return;
    case "OperatorNode":
      checkOperator(node, text, reject);
      break;
    case "FunctionNode":
      checkFunction(node, text, found, reject);
      return;
    case "AssignmentNode":
      reject(
        "= assigns, which an expression cannot do.",
        "Write == to compare.",
        at(text, Math.max(0, text.indexOf("="))),
      );
      return;
    case "AccessorNode":
      reject(
        `${node.toString()} is not a name that can stand in an expression.`,
        `Write column("${node.toString()}") for a column of that name.`,
      );
      return;
    default:
      reject(`${node.toString()} (${node.type.replace(/Node$/, "").toLowerCase()}) is not supported.`);
      return;
  }
  node.forEach((child) => {
    checkNode(child, text, found);
  });
}

function checkOperator(
  node: Extract<SyntaxNode, { type: "OperatorNode" }>,
  text: string,
  reject: Reject,
): void {
  if (node.implicit) reject(`An operator is missing in ${node.toString()}.`, "Write * where you mean times.");
  else if (!ARITHMETIC.has(node.fn) && !COMPARISONS.has(node.fn) && !UNARY_OPERATORS.has(node.fn))
    reject(
      `The operator ${node.op} is not supported.`,
      node.op === "&" || node.op === "|" ? "Write and, or." : undefined,
      at(text, Math.max(0, text.indexOf(node.op))),
    );
}

function checkFunction(
  node: Extract<SyntaxNode, { type: "FunctionNode" }>,
  text: string,
  found: CheckedNames,
  reject: Reject,
): void {
  const name = node.fn.name ?? node.fn.toString();
  const where = whereName(text, name);
  const arity = ARITY.get(name);
  const n = node.args.length;
  if (arity === undefined) {
    const near = nearestName(name, ARITY.keys());
    reject(
      `There is no function ${name}.`,
      near === undefined ? `Known: ${listNames(ARITY.keys())}.` : `Did you mean ${near}?`,
      where,
    );
  } else if (n < arity[0] || n > arity[1])
    reject(`${name} takes ${argumentCount(arity)}, not ${n}.`, undefined, where);
  if (name === "column") {
    const argument = node.args[0];
    const constant: unknown = argument?.type === "ConstantNode" ? argument.value : undefined;
    if (typeof constant === "string") found.symbols.add(constant);
    else reject('column() takes a name in quotes, e.g. column("Age at referral").', undefined, where);
  }
  // The function's own name is a SymbolNode too, so only the arguments are visited.
  for (const argument of node.args) checkNode(argument, text, found);
}

/** How many arguments a function takes, in words. */
function argumentCount([fewest, most]: readonly [number, number]): string {
  const plural = (n: number): string => (n === 1 ? "argument" : "arguments");
  if (!Number.isFinite(most)) return `at least ${fewest} ${plural(fewest)}`;
  return `${fewest === most ? fewest : `${fewest} to ${most}`} ${plural(most)}`;
}
