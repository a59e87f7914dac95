/** A fixture of the document. */
export interface CapacityCase {
  /** How the document calls it. */
  readonly title: string;
  readonly fixture: string;
  /** Head map where it is not the fixture's own. */
  readonly headMap?: string;
}
