import * as z from "zod";
import { STUDY_SECTIONS } from "./schema.js";

/**
 * Tells whether a section may be left out.
 * @param schema - the schema of a section
 * @returns true when it may
 */
export function isOptional(schema: z.ZodType): boolean {
  return schema instanceof z.ZodExactOptional;
}

/**
 * Steps through wrappers (optional, preprocess) to the schema that says what a value looks like.
 * @param schema - any part of the study schema
 * @returns the innermost schema
 */
export function unwrapSchema(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema;
  for (;;) {
    if (inner instanceof z.ZodExactOptional) inner = inner.unwrap() as z.ZodType;
    else if (inner instanceof z.ZodPipe) inner = inner.out as z.ZodType;
    else return inner;
  }
}

/**
 * Finds the schema of the value at a path.
 * @param path - keys and list positions, from the top of the study file
 * @returns the schema, wrappers and description included, or undefined where the schema knows no such path
 */
export function schemaAt(path: readonly PropertyKey[]): z.ZodType | undefined {
  const [section, ...rest] = path;
  let schema: z.ZodType | undefined = (STUDY_SECTIONS as Readonly<Record<PropertyKey, z.ZodType>>)[
    section ?? ""
  ];
  for (const key of rest) {
    if (schema === undefined) return undefined;
    const inner = unwrapSchema(schema);
    if (inner instanceof z.ZodObject) schema = inner.shape[String(key)] as z.ZodType | undefined;
    else if (inner instanceof z.ZodRecord) schema = inner.valueType as z.ZodType;
    else if (inner instanceof z.ZodArray) schema = inner.element as z.ZodType;
    else return undefined;
  }
  return schema;
}

/**
 * Says in words what the schema expects at a path.
 * @param path - keys and list positions, from the top of the study file
 * @returns the words, without a full stop
 */
export function expectedAt(path: readonly PropertyKey[]): string {
  let schema = schemaAt(path);
  while (schema !== undefined) {
    if (schema.description !== undefined) return schema.description;
    if (schema instanceof z.ZodExactOptional) schema = schema.unwrap() as z.ZodType;
    else if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(", ")}`;
    else break;
  }
  return "another kind of value";
}

/**
 * Lists the keys that may stand at a path.
 * @param path - path of a mapping in the study file; empty for the top
 * @returns the keys, or an empty list where the user names the keys
 */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(STUDY_SECTIONS);
  const schema = schemaAt(path);
  const inner = schema === undefined ? undefined : unwrapSchema(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/**
 * Lists every key of the study file, as the documentation must name it.
 * @returns dotted paths; NAME stands for a name that the user gives, `[]` for an entry of a list
 */
export function allStudyKeys(): string[] {
  const keys: string[] = [];
  const walk = (schema: z.ZodType, path: string): void => {
    const inner = unwrapSchema(schema);
    if (inner instanceof z.ZodObject)
      for (const [key, child] of Object.entries(inner.shape)) {
        keys.push(`${path}.${key}`);
        walk(child as z.ZodType, `${path}.${key}`);
      }
    else if (inner instanceof z.ZodRecord) walk(inner.valueType as z.ZodType, `${path}.NAME`);
    else if (inner instanceof z.ZodArray) walk(inner.element as z.ZodType, `${path}[]`);
  };
  for (const [key, schema] of Object.entries(STUDY_SECTIONS)) {
    keys.push(key);
    walk(schema, key);
  }
  return keys;
}
