export type { Caution } from "./cautions/caution.js";
export { buildCautions } from "./cautions/index.js";
export { buildChecklist, type ChecklistItem } from "./checklist.js";
export { type ClassDescription, describeClasses } from "./describe.js";
export { buildReport, type ReportDocument } from "./document.js";
export { buildFigures } from "./figures/index.js";
export type { ReportFigure, VegaLiteSpec } from "./figures/theme.js";
export { fitFromJson, fitToJson, type PosteriorStorage, posteriorFile, type StoredFit } from "./fitJson.js";
export { type FigureDrawing, renderPage } from "./html.js";
export type { FurtherInference, OutcomeMeasure, ReportCohort, ReportInput, ReportMeasure } from "./input.js";
export { buildMethods } from "./methods.js";
export { type OutcomeRate, outcomeRates, wilsonInterval } from "./outcomes.js";
export { renderPng, renderSvg, withPaper } from "./render.js";
export { buildTables, type ReportTables } from "./tables/index.js";
export {
  type Cell,
  type CellFormat,
  type ReportTable,
  type TableColumn,
  tableToCsv,
  tableToHtml,
} from "./tables/table.js";
export { buildVerdict, type ReportVerdict } from "./verdict.js";
export { readMemberships, type WriteReportOptions, writeMemberships, writeReport } from "./write.js";
