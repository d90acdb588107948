import { InputError, nearestName, type Problem } from "../../core/errors.js";
import type { ParameterBlock } from "../result.js";

/** What names a reported parameter. */
export interface NamedParameter {
  readonly name: string;
  readonly block: ParameterBlock;
  readonly class: number | null;
}

/**
 * The key of a parameter in contrasts: its name, `membership: ` before it for the membership model, and `@` with the class
 * where the classes differ: `month@2`, `age:month`, `var(month)`, `membership: age@1`. Constraints name parameters alike.
 * @param parameter - a reported parameter
 * @returns the key; no two parameters of a fit share one
 */
export function parameterKey({ name, block, class: label }: NamedParameter): string {
  const base = block === "membership" ? `membership: ${name}` : name;
  return label === null ? base : `${base}@${label}`;
}

/**
 * A parameter's name, whatever the spaces in it and the order within an interaction or a covariance.
 * @param name - as written
 * @returns a text that is the same for the same parameter
 */
export function nameKey(name: string): string {
  const plain = name.replaceAll(/\s+/g, "");
  const covariance = /^cov\((.+),(.+)\)$/.exec(plain);
  if (covariance !== null) return `cov(${[covariance[1], covariance[2]].sort().join(",")})`;
  return plain.includes(":") && !plain.includes("(") ? plain.split(":").sort().join(":") : plain;
}

/**
 * The parameter that was probably meant: the same in another order, a category of the factor that was named, or the nearest name.
 * @param name - what was written
 * @param known - names there are
 * @returns one of them, or undefined
 */
export function nearestParameter(name: string, known: readonly string[]): string | undefined {
  const [base, label] = splitClass(name);
  const key = nameKey(base);
  const same = (each: string): boolean => {
    const [otherBase, otherLabel] = splitClass(each);
    return otherLabel === label && nameKey(otherBase) === key;
  };
  const found =
    known.find(same) ?? known.find((each) => each.startsWith(`${base}[`)) ?? nearestName(name, known);
  if (found !== undefined) return found;
  const bases = known.map((each) => splitClass(each)[0]);
  const near = nearestName(base, bases);
  return near === undefined ? undefined : known[bases.indexOf(near)];
}

/** `week@2` in `week` and `@2`. */
function splitClass(key: string): [base: string, label: string] {
  const base = key.replace(/@\d+$/, "");
  return [base, key.slice(base.length)];
}

/**
 * Position of a parameter by its key.
 * @param parameters - the reported parameters
 * @param key - see {@link parameterKey}
 * @param where - where the key was written, for the message
 * @returns the position, or what is wrong with the key
 */
export function findParameter(
  parameters: readonly NamedParameter[],
  key: string,
  where: string,
): number | Problem {
  const keys = parameters.map(parameterKey);
  const position = keys.indexOf(key);
  if (position >= 0) return position;
  const base = key.replace(/@\d+$/, "");
  const ofBase = keys.filter((each) => each.replace(/@\d+$/, "") === base);
  if (ofBase.length > 0)
    return {
      code: "parameter-class",
      where,
      message:
        base === key
          ? `${key} differs by class, so a class must be named.`
          : ofBase[0] === base
            ? `${base} is the same in every class.`
            : `${base} has no class ${key.slice(base.length + 1)}.`,
      expected: ofBase.join(" or "),
    };
  const near = nearestParameter(key, keys);
  return {
    code: "unknown-parameter",
    where,
    message: `There is no parameter "${key}".`,
    expected: `one of ${keys.join(", ")}`,
    ...(near === undefined ? {} : { fix: `Did you mean "${near}"?` }),
  };
}

/**
 * Throws the problems found, if any.
 * @param problems - problems
 * @throws InputError with all of them
 */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InputError(problems);
}
