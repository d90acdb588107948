import type { RowLedger } from "../core/table.js";

/**
 * Joins the account of preparation with that of a model that read what preparation left.
 * @param prepared - rows of the files
 * @param fitted - rows of the long table; reads what `prepared` used
 * @returns one account from the files to the model: read = used + set aside
 */
export function joinLedgers(prepared: RowLedger, fitted: RowLedger): RowLedger {
  return {
    read: prepared.read,
    used: fitted.used,
    setAside: [...prepared.setAside, ...fitted.setAside],
  };
}
