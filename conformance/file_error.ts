/** What is wrong with a file. */
export class FileError extends Error {
  /** File in which the fault lies. */
  readonly file: string;
  /** Makes the error for one file. */
  constructor(message: string, file: string) {
    super(message);
    this.file = file;
  }
}
