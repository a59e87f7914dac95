/** Errors that refuse a problem before any of its bytes are read. */

/** Facts of a refusal, by name. */
export type ProblemErrorData = Readonly<Record<string, string | number>>;

/** A problem was refused. */
export class ProblemError extends Error {
  /** What kind of refusal it is: `dtype`, `shape`, `value` or `page-id`. */
  readonly code: "dtype" | "shape" | "value" | "page-id";
  /** Clause of the block-table ABI that the problem violates. */
  readonly clause: string;
  /** The offending facts. */
  readonly data: ProblemErrorData;

  /** Makes an error; callers throw one of the subclasses. */
  constructor(
    message: string,
    facts: { code: ProblemError["code"]; clause: string; data: ProblemErrorData },
  ) {
    super(message);
    this.name = new.target.name;
    this.code = facts.code;
    this.clause = facts.clause;
    this.data = facts.data;
  }
}

/** A tensor has the wrong element type. */
export class DtypeError extends ProblemError {
  /** Names the tensor in `data`. */
  constructor(message: string, clause: string, data: ProblemErrorData) {
    super(message, { code: "dtype", clause, data });
  }
}

/** A size does not fit the others. */
export class ShapeError extends ProblemError {
  /** Names the sizes in `data`. */
  constructor(message: string, clause: string, data: ProblemErrorData) {
    super(message, { code: "shape", clause, data });
  }
}

/** A length, window, range or option has a value that means nothing. */
export class ValueError extends ProblemError {
  /** Names the value in `data`. */
  constructor(message: string, clause: string, data: ProblemErrorData) {
    super(message, { code: "value", clause, data });
  }
}

/** A table entry is neither a hole nor a page of the pool. */
export class PageIdError extends ProblemError {
  /** Takes the position of the entry, its value and the first id past the pool. */
  constructor(
    at: { slot: number; head: number; column: number; value: number; limit: number },
  ) {
    super(
      `Cannot use page id ${at.value} of slot ${at.slot}, head ${at.head}, column ${at.column}: ` +
        `ids are -1 or in [0, ${at.limit}); write the page's own id, or -1 for a hole`,
      { code: "page-id", clause: "sentinel/only-minus-one", data: at },
    );
  }
}
