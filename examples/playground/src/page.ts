/** The element of this kind that a selector names; the page is written so that there is one. */
export function find<Element extends HTMLElement>(selector: string, kind: new () => Element): Element {
  const element = document.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`The page has no ${selector}.`);
}

/** A list to choose from. */
export function fill<Key extends string>(
  select: HTMLSelectElement,
  names: Readonly<Record<Key, string>>,
  chosen: Key,
): () => Key {
  select.replaceChildren(
    ...(Object.entries(names) as [Key, string][]).map(
      ([key, name]) => new Option(name, key, false, key === chosen),
    ),
  );
  return () => select.value as Key;
}

export function namesOf<Key extends string>(
  choices: Readonly<Record<Key, { readonly name: string }>>,
): Record<Key, string> {
  return Object.fromEntries(
    (Object.entries(choices) as [Key, { name: string }][]).map(([key, { name }]) => [key, name]),
  ) as Record<Key, string>;
}
