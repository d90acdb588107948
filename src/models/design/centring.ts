import type { SyntaxNode } from "../../core/expression/syntax.js";
import type { Column } from "../../core/table.js";
import type { Atom } from "../formula.js";
import { type AtomColumns, type Coding, evaluateAtom } from "../terms.js";

/** How a basis column depends on time, as far as moving the origin of time goes: coefficient * time^power * rest. */
export interface TimeShape {
  /** 0 for columns that do not move with the origin. */
  readonly power: number;
  readonly coefficient: number;
  /** The first of the piecewise lines in time, which moves with the origin as time does (power 1). */
  readonly bent: boolean;
  /** Names of the other factors, sorted. */
  readonly rest: readonly string[];
}

/** The shape of the constant. */
export const CONSTANT_SHAPE: TimeShape = { power: 0, coefficient: 1, bent: false, rest: [] };

/**
 * The time column and the other columns of the data, and the same with time counted from a centre.
 */
export interface TimedColumns {
  readonly time: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** Null where time is not centred. */
  readonly centre: number | null;
  /** Made when first asked for. */
  readonly centred: ReadonlyMap<string, Column>;
}

/**
 * Columns whose terms may be evaluated at centred time.
 * @param columns - columns by name
 * @param time - name of the time column
 * @param centre - what powers of time are counted from; null: from zero
 * @returns both sets of columns
 */
export function timedColumns(
  columns: ReadonlyMap<string, Column>,
  time: string,
  centre: number | null,
): TimedColumns {
  let made: Map<string, Column> | undefined;
  return {
    time,
    columns,
    centre,
    get centred() {
      made ??= withCentredTime(columns, time, centre);
      return made;
    },
  };
}

function withCentredTime(
  columns: ReadonlyMap<string, Column>,
  time: string,
  centre: number | null,
): Map<string, Column> {
  const column = columns.get(time);
  const centred = new Map(columns);
  if (centre !== null && column?.kind === "numeric")
    centred.set(time, { kind: "numeric", values: column.values.map((value) => value - centre) });
  return centred;
}

/**
 * Columns of an atom: powers of time and the first of piecewise lines at centred time, all else as it is.
 * @param atom - the atom
 * @param timed - columns of length n
 * @param n - rows
 * @param coding - see `evaluateAtom`
 * @param full - see `evaluateAtom`
 * @returns its columns, named as on the user's scale
 */
export function evaluateTimedAtom(
  atom: Atom,
  timed: TimedColumns,
  n: number,
  coding: Coding,
  full: boolean,
): AtomColumns {
  const { centre } = timed;
  if (centre === null || !movesWithOrigin(atom, timed.time))
    return evaluateAtom(atom, timed.columns, n, coding, full);
  if (atom.kind !== "piecewise") return evaluateAtom(atom, timed.centred, n, coding, full);
  const { names, values } = evaluateAtom(atom, timed.columns, n, coding, full);
  return { names, values: values.map((column, j) => (j === 0 ? column.map((v) => v - centre) : column)) };
}

/** Whether an atom changes, other than in scale, when time is counted from elsewhere, in a way that centring can follow. */
function movesWithOrigin({ kind, expression }: Atom, time: string): boolean {
  if (kind === "piecewise") return isTime(expression.node, time);
  return kind === "expression" && (monomialOf(expression.node, time)?.power ?? 0) > 0;
}

/**
 * How the columns of an atom depend on time.
 * @param atom - the atom
 * @param columns - what it was evaluated to
 * @param time - name of the time column
 * @returns one shape per column
 */
export function atomShapes(atom: Atom, columns: Pick<AtomColumns, "names">, time: string): TimeShape[] {
  const still = columns.names.map((name) => ({ ...CONSTANT_SHAPE, rest: [name] }));
  if (!movesWithOrigin(atom, time)) return still;
  if (atom.kind === "piecewise") return [{ ...CONSTANT_SHAPE, power: 1, bent: true }, ...still.slice(1)];
  return [{ ...CONSTANT_SHAPE, ...monomialOf(atom.expression.node, time)! }];
}

/**
 * The power of time that an atom is.
 * @param atom - the atom
 * @param time - name of the time column
 * @returns p of time^p; 0 where it is anything else
 */
export function powerOfTime({ kind, expression }: Atom, time: string): number {
  const monomial = kind === "expression" ? monomialOf(expression.node, time) : null;
  return monomial?.coefficient === 1 ? monomial.power : 0;
}

/**
 * Shapes of the products of columns, in the order of `multiplyAll`.
 * @param factors - shapes of each atom's columns
 * @returns one shape per product; a power of the first of piecewise lines is left as a factor that centring cannot follow
 */
export function multiplyShapes(factors: readonly (readonly TimeShape[])[]): TimeShape[] {
  return factors.reduce<TimeShape[]>(
    (products, shapes) => shapes.flatMap((right) => products.map((left) => multiplyShape(left, right))),
    [CONSTANT_SHAPE],
  );
}

function multiplyShape(a: TimeShape, b: TimeShape): TimeShape {
  return {
    power: a.power + b.power,
    coefficient: a.coefficient * b.coefficient,
    bent: a.bent || b.bent,
    rest: [...a.rest, ...b.rest].sort(),
  };
}

/** a time^p of an expression made of the time column, numbers, products and whole powers; null for anything else. */
function monomialOf(node: SyntaxNode, time: string): Pick<TimeShape, "power" | "coefficient"> | null {
  if (isTime(node, time)) return { power: 1, coefficient: 1 };
  if (node.type === "ParenthesisNode") return monomialOf(node.content, time);
  if (node.type === "ConstantNode")
    return typeof node.value === "number" && node.value !== 0 ? { power: 0, coefficient: node.value } : null;
  if (node.type !== "OperatorNode" || node.args.length === 0) return null;
  const left = monomialOf(node.args[0]!, time);
  if (left === null) return null;
  if (node.fn === "unaryMinus") return { ...left, coefficient: -left.coefficient };
  const right = node.args[1] === undefined ? null : monomialOf(node.args[1], time);
  if (right === null) return null;
  switch (node.fn) {
    case "multiply":
      return { power: left.power + right.power, coefficient: left.coefficient * right.coefficient };
    case "divide":
      return right.power === 0
        ? { power: left.power, coefficient: left.coefficient / right.coefficient }
        : null;
    case "pow":
      return right.power === 0 && Number.isInteger(right.coefficient) && right.coefficient > 0
        ? { power: left.power * right.coefficient, coefficient: left.coefficient ** right.coefficient }
        : null;
    default:
      return null;
  }
}

/** The time column by its name, or as `column("name")`. */
function isTime(node: SyntaxNode, time: string): boolean {
  if (node.type === "SymbolNode") return node.name === time;
  if (node.type !== "FunctionNode" || (node.fn.name ?? node.fn.toString()) !== "column") return false;
  const argument = node.args[0];
  return argument?.type === "ConstantNode" && argument.value === time;
}
