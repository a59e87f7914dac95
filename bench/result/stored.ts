import type { z } from "zod";

/** A stored document as its schema declares it: one declaration for file, check and type. */
export type Stored<SCHEMA extends z.ZodType> = Frozen<z.output<SCHEMA>>;

/** A value that is read-only all the way down. */
export type Frozen<T> = T extends object ? { readonly [KEY in keyof T]: Frozen<T[KEY]> } : T;
