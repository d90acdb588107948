# Times a package on a quadratic growth curve with random intercept and slope and one residual variance, by maximum
# likelihood, the data being in memory and in the package's own shape already.
# Usage: Rscript growth.R DATA.csv PACKAGE RUNS; prints one line of JSON. lavaan and OpenMx take regular sessions only.
arguments <- commandArgs(trailingOnly = TRUE)
package <- arguments[2]
suppressPackageStartupMessages(library(package, character.only = TRUE))
d <- read.csv(arguments[1])
d$session2 <- d$session^2
d$id <- factor(d$id)

# One row per person, one column per session.
wide <- function() {
  w <- reshape(d[c("id", "session", "phq9")], idvar = "id", timevar = "session", direction = "wide")
  names(w) <- sub("phq9.", "y", names(w), fixed = TRUE)
  w[paste0("y", seq_len(max(d$session)))]
}

lavaanFit <- function() {
  w <- wide()
  t <- seq_len(ncol(w))
  y <- names(w)
  model <- c(
    paste("i =~", paste0("1*", y, collapse = " + ")), paste("s =~", paste0(t, "*", y, collapse = " + ")),
    paste("q =~", paste0(t^2, "*", y, collapse = " + ")), paste0(y, " ~~ v*", y), paste0(y, " ~ 0*1"),
    "i ~~ i\ns ~~ s\ni ~~ s\nq ~~ 0*q\ni ~~ 0*q\ns ~~ 0*q\ni ~ 1\ns ~ 1\nq ~ 1"
  )
  list(fit = function() lavaan(model, data = w, missing = "fiml", se = "standard"), value = function(m) as.numeric(logLik(m)),
       call = "lavaan(latent growth curve on wide data, missing = 'fiml')")
}

openMxFit <- function() {
  w <- wide()
  t <- seq_len(ncol(w))
  y <- names(w)
  start <- coef(lm(phq9 ~ session + session2, d))
  model <- mxModel("growth", type = "RAM", manifestVars = y, latentVars = c("i", "s", "q"),
    mxPath(from = "i", to = y, free = FALSE, values = 1), mxPath(from = "s", to = y, free = FALSE, values = t),
    mxPath(from = "q", to = y, free = FALSE, values = t^2),
    mxPath(from = y, arrows = 2, values = 10, labels = "v", lbound = 1e-3),
    mxPath(from = c("i", "s"), arrows = 2, connect = "unique.pairs", values = c(20, 0, 0.3), labels = c("ii", "is", "ss")),
    mxPath(from = "one", to = c("i", "s", "q"), values = start),
    mxData(w, type = "raw"))
  list(fit = function() mxRun(model, silent = TRUE, suppressWarnings = TRUE), value = function(m) m$output$fit / -2,
       call = "mxRun(RAM latent growth curve on wide raw data)")
}

packages <- list(
  lme4 = function() list(
    fit = function() suppressMessages(lmer(phq9 ~ session + session2 + (1 + session | id), data = d, REML = FALSE)),
    value = function(m) as.numeric(logLik(m)), call = "lmer(phq9 ~ session + session2 + (1 + session | id), REML = FALSE)"),
  nlme = function() list(
    fit = function() lme(phq9 ~ session + session2, random = ~ 1 + session | id, data = d, method = "ML",
                         control = lmeControl(opt = "optim", msMaxIter = 200)),
    value = function(m) as.numeric(logLik(m)),
    call = "lme(phq9 ~ session + session2, random = ~ 1 + session | id, method = 'ML', control = lmeControl(opt = 'optim'))"),
  glmmTMB = function() list(
    fit = function() glmmTMB(phq9 ~ session + session2 + (1 + session | id), data = d, REML = FALSE),
    value = function(m) as.numeric(logLik(m)), call = "glmmTMB(phq9 ~ session + session2 + (1 + session | id))"),
  lavaan = lavaanFit, OpenMx = openMxFit
)
each <- packages[[package]]()
seconds <- numeric(0)
for (run in seq_len(as.integer(arguments[3]))) {
  gc(FALSE)
  seconds <- c(seconds, system.time(m <- each$fit())[["elapsed"]])
}
cat(sprintf(
  '\n{"package":"%s","version":"%s","r":"%s","call":"%s","logLikelihood":%.8f,"seconds":[%s]}\n',
  package, packageVersion(package), R.version.string, each$call, each$value(m), paste(sprintf("%.4f", seconds), collapse = ",")
))
