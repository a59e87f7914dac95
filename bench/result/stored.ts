/**
 * A stored document as its schema declares it: one declaration for file, check and type. The schema
 * is one of Zod's, named by the part of it that matters here.
 */
export type Stored<SCHEMA extends { readonly _zod: { readonly output: unknown } }> = Frozen<
  SCHEMA["_zod"]["output"]
>;

/** A value that is read-only all the way down. */
export type Frozen<T> = T extends object ? { readonly [KEY in keyof T]: Frozen<T[KEY]> } : T;
