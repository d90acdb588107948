import { deserialize, serialize } from "node:v8";
import type { SharedData } from "../models/jobs/job.js";
import type { PlacedData, SharedArray } from "./protocol.js";

/** Stands in the plain part for a typed array, by its number. */
const MARKER = "$sharedArray";

/**
 * Places bulk data in shared memory: every typed array, at any depth of plain objects, arrays and maps, is
 * copied once onto a SharedArrayBuffer (one that already lies on one is taken as it is), and the rest is
 * kept as bytes on another. An array that occurs twice is placed once.
 * @param data - plain fields (numbers, text, booleans, null, objects, arrays, maps) and typed arrays
 * @returns what to send to the workers
 * @throws TypeError when the data holds something that cannot cross threads, such as a function
 */
export function placeShared(data: SharedData): PlacedData {
  const arrays: SharedArray[] = [];
  const placed = new Map<object, unknown>();
  const plain = mapPlain(data, placed, (array) => {
    arrays.push(ontoSharedMemory(array));
    return { [MARKER]: arrays.length - 1 };
  });
  let bytes: Buffer;
  try {
    bytes = serialize(plain);
  } catch (error) {
    throw new TypeError(`share: the data cannot be sent to workers: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return { plain: ontoSharedMemory(new Uint8Array(bytes)), arrays };
}

/**
 * Rebuilds what {@link placeShared} placed, over the same memory.
 * @param placed - the message part
 * @returns the data; its typed arrays are views of the shared memory
 */
export function restoreShared(placed: PlacedData): SharedData {
  // The deserializer takes no shared memory, so the plain part (small) is copied out of it.
  const plain = deserialize(new Uint8Array(placed.plain)) as SharedData;
  return mapPlain(plain, new Map(), undefined, placed.arrays) as SharedData;
}

/**
 * The size of bulk data.
 * @param data - as {@link placeShared} takes them
 * @returns bytes of their typed arrays, each counted once
 */
export function sharedBytes(data: SharedData): number {
  let bytes = 0;
  mapPlain(data, new Map(), (array) => {
    bytes += array.byteLength;
    return array;
  });
  return bytes;
}

/**
 * Copies an array onto shared memory, unless it lies there already.
 * @param array - a typed array of any length
 * @returns a view of shared memory with the same values
 */
export function ontoSharedMemory<A extends SharedArray>(array: A): A {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const TypedArray = array.constructor as new (buffer: SharedArrayBuffer) => A;
  const copy = new TypedArray(new SharedArrayBuffer(array.byteLength));
  (copy as { set(values: A): void }).set(array);
  return copy;
}

/** Copies plain structure, with typed arrays through `replace` and markers through `arrays`. */
function mapPlain(
  value: unknown,
  done: Map<object, unknown>,
  replace?: (array: SharedArray) => unknown,
  arrays?: readonly SharedArray[],
): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  if (ArrayBuffer.isView(value)) {
    if (replace === undefined || value instanceof DataView) return value;
    const replaced = replace(value as SharedArray);
    done.set(value, replaced);
    return replaced;
  }
  if (arrays !== undefined && MARKER in value) return arrays[value[MARKER] as number];
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    done.set(value, copy);
    for (const item of value) copy.push(mapPlain(item, done, replace, arrays));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    done.set(value, copy);
    for (const [key, item] of value) copy.set(key, mapPlain(item, done, replace, arrays));
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  done.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = mapPlain(item, done, replace, arrays);
  return copy;
}
