import { nearestName, type Problem } from "../errors.js";
import { ARITY } from "./operators.js";
import type { SyntaxNode } from "./syntax.js";
import { listNames, whereName } from "./words.js";

/** What a check has found so far. */
export interface CheckedNames {
  /** Names of columns and constants read, in order of first use. */
  readonly symbols: Set<string>;
  readonly problems: Problem[];
}

/**
 * Checks the functions of a syntax tree, and collects the names it reads.
 * @param node - the tree, as parsed
 * @param text - the expression as written, for error messages
 * @param found - names and mistakes, added to
 */
export function checkNode(node: SyntaxNode, text: string, found: CheckedNames): void {
  if (node.kind === "name") found.symbols.add(node.name);
  if (node.kind === "call") checkFunction(node, text, found);
  for (const part of partsOf(node)) checkNode(part, text, found);
}

function partsOf(node: SyntaxNode): readonly SyntaxNode[] {
  switch (node.kind) {
    case "unary":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "comparison":
      return node.operands;
    case "choice":
      return [node.condition, node.yes, node.no];
    case "call":
      return node.args;
    default:
      return [];
  }
}

function checkFunction(
  { name, args }: Extract<SyntaxNode, { kind: "call" }>,
  text: string,
  { symbols, problems }: CheckedNames,
): void {
  const reject = (message: string, fix?: string): void => {
    const where = whereName(text, name);
    problems.push({ code: "expression-unsupported", where, message, ...(fix === undefined ? {} : { fix }) });
  };
  const arity = ARITY.get(name);
  if (arity === undefined) {
    const near = nearestName(name, ARITY.keys());
    reject(
      `There is no function ${name}.`,
      near === undefined ? `Known: ${listNames(ARITY.keys())}.` : `Did you mean ${near}?`,
    );
  } else if (args.length < arity[0] || args.length > arity[1])
    reject(`${name} takes ${argumentCount(arity)}, not ${args.length}.`);
  if (name === "column") {
    if (args[0]?.kind === "text") symbols.add(args[0].value);
    else reject('column() takes a name in quotes, e.g. column("Age at referral").');
  }
}

/** How many arguments a function takes, in words. */
function argumentCount([fewest, most]: readonly [number, number]): string {
  const plural = (n: number): string => (n === 1 ? "argument" : "arguments");
  if (!Number.isFinite(most)) return `at least ${fewest} ${plural(fewest)}`;
  return `${fewest === most ? fewest : `${fewest} to ${most}`} ${plural(most)}`;
}
