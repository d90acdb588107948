/** What is needed to rebuild a design for new people (filled in with the design module). */
export interface StoredDesign {
  readonly placeholder?: never;
}
