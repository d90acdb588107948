const remembered = new WeakMap<object, Map<string, unknown>>();

/**
 * Makes something of an object once: asked again for the same object and key, it hands out what it made. What was made lives as long as
 * the object, which must not change meanwhile: other content takes a new object.
 * @param owner - the object, compared by identity
 * @param key - says which of the things made of it
 * @param make - called the first time
 * @returns what was made
 */
export function oncePer<Made>(owner: object, key: string, make: () => Made): Made {
  let made = remembered.get(owner);
  if (made === undefined) {
    made = new Map();
    remembered.set(owner, made);
  }
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as Made;
}
