# Growth curves with structured residuals by nlme (lme, and gls without random effects), each maximum checked by dense.R.
# Rscript nlme.R <output file> [first model] [last model]
# The reference file holds 38 of these, and of the stacked ones the maxima that dense.R finds; the rest take minutes each.
source("entries.R")
package <- paste("nlme", packageVersion("nlme"))
models <- list()
add <- function(name, fixed, random, residual, time = "session", where = NULL, methods = c("ML", "REML"), outcome = "phq9", ...)
  for (method in methods) {
    spec <- c(list(outcome = outcome, time = time, fixed = fixed, random = random, residual = residual), list(...), if (method == "REML") list(reml = TRUE))
    models[[length(models) + 1]] <<- list(name = paste0("nlme_", name, "_", method), spec = spec, where = where)
  }
line <- "1 + session"; quad <- "1 + session + session^2"; week <- "1 + week + week^2"
gaps <- "without every fifth row"
add("session_lin_RI_ar1", line, "1", "ar1")
add("session_lin_RIRS_ar1", line, line, "ar1")
add("session_quad_RIRSdiag_ar1", quad, line, "ar1", diagonal = TRUE)
add("session_quad_RIRS_agec_ar1", "1 + session + session^2 + agec + session:agec", line, "ar1")
add("session_lin_RIRS_occasion", line, line, "occasion")
add("session_quad_RI_occasion", quad, "1", "occasion")
add("session_quad_RI_ar1_occasion", quad, "1", "ar1+occasion")
add("session_quad_RIRS_car1", quad, line, "car1")
add("week_lin_RIRS_car1", "1 + week", "1 + week", "car1", "week")
add("week_quad_RI_car1_occasion", week, "1", "car1+occasion", "week", occasion = "session")
add("week_quad_RIRS_car1_occasion", week, "1 + week", "car1+occasion", "week", occasion = "session")
add("week0to6_quad_RI_car1_occasion", week, "1", "car1+occasion", "week", occasion = "session", where = "session <= 6", methods = "ML")
add("week0to6_quad_RIRS_car1_occasion", week, "1 + week", "car1+occasion", "week", occasion = "session", where = "session <= 6", methods = "ML")
add("week_quad_RIRS_ar1_by_session", week, "1 + week", "ar1", "week", occasion = "session")
add("week_quad_RIRS_ar1_occasion_by_session", week, "1 + week", "ar1+occasion", "week", occasion = "session")
add("session_gaps_quad_RIRS_ar1", quad, line, "ar1", where = gaps)
add("session_gaps_quad_RI_ar1_occasion", quad, "1", "ar1+occasion", where = gaps)
add("session0to6_quad_RIRS_ar1_occasion", quad, line, "ar1+occasion", where = "session <= 6")
add("week_gaps_quad_RIRS_car1", week, "1 + week", "car1", "week", where = gaps)
add("session_gls_quad_ar1", quad, "0", "ar1")
add("session_gls_quad_occasion", quad, "0", "occasion")
add("session_gls_quad_ar1_occasion", quad, "0", "ar1+occasion")
add("session_gaps_gls_quad_ar1", quad, "0", "ar1", where = gaps)
add("week_gls_quad_car1", week, "0", "car1", "week")
add("week_gls_quad_car1_occasion", week, "0", "car1+occasion", "week", occasion = "session")
stacked <- "0 + p + g + p:session + g:session"
add("stacked_lin_RIRS_by_measure", stacked, stacked, "occasion", occasion = "p", where = "phq9 and gad7 stacked, session <= 6", methods = "ML", outcome = "score")
add("stacked_quad_RIRS_by_measure", paste(stacked, "+ p:session^2 + g:session^2"), stacked, "occasion", occasion = "p", where = "phq9 and gad7 stacked, session <= 6", methods = "ML", outcome = "score")
args <- commandArgs(TRUE)
some <- if (length(args) == 3) models[as.integer(args[2]):min(length(models), as.integer(args[3]))] else models
entries <- lapply(some, function(model) {
  d <<- sim600(model$where)
  theirs <- nlme_fit(d, model$spec)
  one_class_entry(model$name, package, d, model$spec, theirs, dense_of(d, model$spec), model$where)
})
write_entries(entries, args[1])
