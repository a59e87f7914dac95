/// <reference lib="dom" />

/** Elements as data: views are plain functions, tested without a browser. */

/** An element, or text. */
export type View = Element | string;

/** An element of HTML. */
export interface Element {
  readonly tag: string;
  /** Attributes; true stands for one without a value. */
  readonly attributes: Readonly<Record<string, string | number | true>>;
  /** What it holds. */
  readonly children: readonly View[];
}

/** Makes an element. */
export function element(
  tag: string,
  attributes: Element["attributes"] = {},
  ...children: readonly View[]
): Element {
  return { tag, attributes, children };
}

/** A table: what it shows, a column of names, columns of figures, others, and its rows. */
export function table(o: {
  readonly id: string;
  readonly caption: string;
  readonly names: string;
  readonly figures: readonly string[];
  readonly others?: readonly Element[];
  readonly rows: readonly Element[];
}): Element {
  const titles = [
    element("th", { scope: "col" }, o.names),
    ...o.figures.map((title) => element("th", { scope: "col", class: "number" }, title)),
    ...o.others ?? [],
  ];
  return element(
    "table",
    { id: o.id },
    element("caption", {}, o.caption),
    element("thead", {}, element("tr", {}, ...titles)),
    element("tbody", {}, ...o.rows),
  );
}

/** Text of a view without its tags. */
export function textOf(view: View): string {
  return typeof view === "string" ? view : view.children.map(textOf).join(" ");
}

/** What a document must be able to do. */
export type ElementMaker = Pick<Document, "createElement" | "createTextNode">;

/** Builds the nodes. Text stays text, so nothing of a message is ever taken for markup. */
export function buildNode(view: View, document: ElementMaker): Node {
  if (typeof view === "string") return document.createTextNode(view);
  const node = document.createElement(view.tag);
  for (const [name, value] of Object.entries(view.attributes)) {
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...view.children.map((child) => buildNode(child, document)));
  return node;
}
