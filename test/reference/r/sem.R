# Growth models as structural equations, by lavaan and OpenMx: residual variances by occasion, loadings of time free.
# Rscript sem.R <output file>
source("entries.R")
suppressMessages({ library(lavaan); library(OpenMx) })
mxOption(NULL, "Number of Threads", 1)

wide_of <- function(d, covariates) {
  w <- reshape(d[c("id", "session", "phq9", covariates)], idvar = c("id", covariates), timevar = "session", direction = "wide", sep = "")
  names(w) <- sub("^phq9", "p", names(w))
  w
}

# basis: "lin", "quad" (fixed and random), "quadfixed", "latent"; free: residual variances by occasion
lavaan_syntax <- function(last, basis, free, covariate) {
  at <- 0:last
  load <- function(factor, by) paste0(factor, " =~ ", paste0(by, "*p", at, collapse = " + "))
  lines <- c(load("i", 1),
    if (basis == "latent") paste0("s =~ 0*p0 + ", paste0("NA*p", 1:(last - 1), " + start(", at[2:last] / last, ")*p", 1:(last - 1), collapse = " + "), " + 1*p", last)
    else load("s", at),
    if (basis %in% c("quad", "quadfixed")) load("q", at^2),
    if (basis == "quadfixed") c("q ~~ 0*q", "q ~~ 0*i", "q ~~ 0*s"),
    if (!free) paste0("p", at, " ~~ v*p", at), if (!is.null(covariate)) paste(c("i", "s"), "~", covariate))
  paste(lines, collapse = "\n")
}

sem_spec <- function(basis, free, covariate) {
  line <- if (basis == "latent") "latent(session)" else "session"
  fixed <- paste0("1 + ", line, if (basis %in% c("quad", "quadfixed")) " + session^2")
  list(outcome = "phq9", time = "session", fixed = if (is.null(covariate)) fixed else sprintf("%s + %s + %s:%s", fixed, covariate, line, covariate),
       random = paste0("1 + ", line, if (basis == "quad") " + session^2"), residual = if (free) "occasion" else "common")
}

lavaan_entry <- function(last, basis, free, covariate = NULL) {
  d <- sim600(sprintf("session <= %d", last))
  W <- wide_of(d, covariate)
  model <- lavaan_syntax(last, basis, free, covariate)
  fit <- growth(model, data = W, missing = "ml", information = "observed", optim.method = "BFGS", control = list(reltol = 1e-15, maxit = 5000))
  if (!lavInspect(fit, "converged")) cat("lavaan has not converged:\n", model, "\n")
  e <- parameterEstimates(fit, remove.nonfree = FALSE)
  one <- function(lhs, op, rhs = "") { r <- e[e$lhs == lhs & e$op == op & e$rhs == rhs, ]; c(r$est, r$se) }
  factors <- c("i", "s", if (basis %in% c("quad", "quadfixed")) "q")
  fixed <- sapply(factors, one, "~1")
  if (!is.null(covariate)) fixed <- cbind(fixed, one("i", "~", covariate), one("s", "~", covariate))
  q <- if (basis == "quad") 3 else 2
  D <- matrix(0, q, q); Dse <- D
  for (a in 1:q) for (b in 1:a) {
    pair <- rbind(one(factors[a], "~~", factors[b]), one(factors[b], "~~", factors[a]))[1, ]
    D[a, b] <- D[b, a] <- pair[1]; Dse[a, b] <- Dse[b, a] <- pair[2]
  }
  v <- sapply(paste0("p", 0:last), function(p) one(p, "~~", p))
  if (!free) v <- v[, 1, drop = FALSE]
  loads <- if (basis == "latent") sapply(paste0("p", 1:(last - 1)), function(p) one("s", "=~", p))
  theirs <- list(call = paste0("growth(MODEL, data=W, missing=\"ml\", information=\"observed\", optim.method=\"BFGS\", control=list(reltol=1e-15, maxit=5000))  # MODEL: ", gsub("\n", "; ", model)),
    logLik = as.numeric(logLik(fit)), npar = fitMeasures(fit, "npar")[[1]], beta = fixed[1, ], se = fixed[2, ], D = D, sd = unname(sqrt(v[1, ])),
    loadings = if (basis == "latent") loads[1, ], loadings_se = if (basis == "latent") loads[2, ])
  spec <- sem_spec(basis, free, covariate)
  name <- sprintf("lavaan_session0to%d_%s%s_%s", last, basis, if (is.null(covariate)) "" else paste0("_", covariate), if (free) "freeres" else "equalres")
  out <- one_class_entry(name, paste("lavaan", packageVersion("lavaan")), d, spec, theirs, dense_of(d, spec), sprintf("session <= %d", last))
  out$residualSdSe <- I(unname(v[2, ] / (2 * sqrt(v[1, ])))); out$covarianceSe <- I(lower(Dse))
  out
}

openmx_latent <- function(last, free) {
  d <- sim600(sprintf("session <= %d", last))
  W <- wide_of(d, NULL)
  manifest <- paste0("p", 0:last)
  model <- mxModel("lgc", type = "RAM", manifestVars = manifest, latentVars = c("i", "s"),
    mxPath("i", manifest, free = FALSE, values = 1),
    mxPath("s", manifest, free = c(FALSE, rep(TRUE, last - 1), FALSE), values = (0:last) / last, labels = c(NA, paste0("l", 1:(last - 1)), NA)),
    mxPath(c("i", "s"), arrows = 2, connect = "unique.pairs", values = c(15, 1, 10), labels = c("ii", "is", "ss")),
    mxPath(manifest, arrows = 2, values = 8, labels = if (free) paste0("e", 0:last) else "e"),
    mxPath("one", c("i", "s"), values = c(16, -4), labels = c("mi", "ms")), mxData(W[manifest], type = "raw"))
  model <- mxOption(mxOption(model, "Optimality tolerance", 1e-12), "Feasibility tolerance", 1e-9)
  fit <- mxTryHard(model, extraTries = 5, silent = TRUE)
  s <- summary(fit)$parameters; rownames(s) <- s$name
  est <- function(n) s[n, "Estimate"]; se <- function(n) s[n, "Std.Error"]
  v <- if (free) paste0("e", 0:last) else "e"; l <- paste0("l", 1:(last - 1)); D <- c("ii", "is", "ss")
  theirs <- list(call = "mxTryHard(mxModel(type=\"RAM\", ...), extraTries=5), Optimality tolerance 1e-12; see r/sem.R", logLik = -fit$output$fit / 2, npar = nrow(s),
    beta = est(c("mi", "ms")), se = se(c("mi", "ms")), D = matrix(est(D)[c(1, 2, 2, 3)], 2), sd = sqrt(est(v)), loadings = est(l), loadings_se = se(l))
  spec <- sem_spec("latent", free, NULL)
  out <- one_class_entry(sprintf("OpenMx_session0to%d_latent_%s", last, if (free) "freeres" else "equalres"), paste("OpenMx", packageVersion("OpenMx")), d, spec, theirs,
                         dense_of(d, spec), sprintf("session <= %d", last))
  out$residualSdSe <- I(se(v) / (2 * sqrt(est(v)))); out$covarianceSe <- I(se(D))
  out
}

entries <- list(
  lavaan_entry(4, "lin", TRUE), lavaan_entry(4, "quadfixed", TRUE), lavaan_entry(9, "lin", TRUE), lavaan_entry(9, "quad", TRUE), lavaan_entry(9, "quadfixed", FALSE),
  lavaan_entry(6, "lin", TRUE, "female"),
  lavaan_entry(4, "latent", TRUE), lavaan_entry(4, "latent", FALSE), lavaan_entry(6, "latent", TRUE), lavaan_entry(6, "latent", FALSE),
  lavaan_entry(9, "latent", TRUE), lavaan_entry(6, "latent", TRUE, "female"),
  openmx_latent(4, TRUE), openmx_latent(4, FALSE), openmx_latent(6, TRUE), openmx_latent(6, FALSE))
write_entries(entries, commandArgs(TRUE)[1])
