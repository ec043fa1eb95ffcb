/** Puts other methods in the place of an object's own, or of its prototype's, for as long as `run` takes. */
export function withMethods<T extends object, R>(target: T, methods: Partial<T>, run: () => R): R {
  const former = Object.keys(methods).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  );
  Object.assign(target, methods);
  try {
    return run();
  } finally {
    for (const [name, descriptor] of former) {
      if (descriptor === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, descriptor);
    }
  }
}
