/** A file would be written over; the message names what allows it. */
export class OutputExists extends Error {
  /** Stable name of the fault. */
  readonly code = "output/exists";

  /**
   * Makes the error.
   *
   * @param path The file that is there already.
   */
  constructor(path: string) {
    super(
      `Cannot write '${path}': it is there already; name another file, or allow it with --force`,
    );
    this.name = "OutputExists";
  }
}
