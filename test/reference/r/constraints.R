# Growth models and mixtures with parameters fixed or set equal, by lavaan and OpenMx, on sessions 0 to 6 of sim600.csv.
# Rscript constraints.R <output file>
suppressMessages({ library(lavaan); library(OpenMx); library(jsonlite) })
mxOption(NULL, "Number of Threads", 1)

d <- subset(read.csv("../sim600.csv"), session <= 6)
W <- reshape(d[c("id", "session", "phq9")], idvar = "id", timevar = "session", direction = "wide", sep = "")
names(W) <- sub("^phq9", "p", names(W))
at <- 0:6
loads <- function(factor, by) paste0(factor, " =~ ", paste0(by, "*p", at, collapse = " + "))
residuals <- paste0("p", at, " ~~ v*p", at)

entry <- function(name, software, call, spec, logLik, npar, parameters)
  list(name = name, package = software, call = call, where = "session <= 6", nPersons = nrow(W), nObservations = nrow(d),
       spec = c(list(outcome = "phq9", time = "session"), spec), logLik = logLik, npar = npar, parameters = parameters)

# Rows of parameterEstimates by our names; a residual variance becomes a standard deviation with its delta-method error.
by_lavaan <- function(name, spec, model, rows) {
  fit <- growth(model, data = W, missing = "ml", information = "observed", optim.method = "BFGS", control = list(reltol = 1e-15, maxit = 5000))
  stopifnot(lavInspect(fit, "converged"))
  e <- parameterEstimates(fit, remove.nonfree = FALSE)
  one <- function(r) { x <- e[e$lhs == r[1] & e$op == r[2] & e$rhs == r[3], ]; c(x$est, x$se) }
  parameters <- lapply(rows, one)
  v <- one(c("p0", "~~", "p0"))
  parameters[["residual sd"]] <- c(sqrt(v[1]), v[2] / (2 * sqrt(v[1])))
  entry(name, paste("lavaan", packageVersion("lavaan")),
        paste0("growth(MODEL, data=W, missing=\"ml\", information=\"observed\", optim.method=\"BFGS\", control=list(reltol=1e-15, maxit=5000))  # MODEL: ", paste(model, collapse = "; ")),
        spec, as.numeric(logLik(fit)), fitMeasures(fit, "npar")[[1]], parameters)
}

I <- c("i", "~1", ""); S <- c("s", "~1", ""); Q <- c("q", "~1", "")
VI <- c("i", "~~", "i"); VS <- c("s", "~~", "s"); CIS <- c("i", "~~", "s")
linear <- list(fixed = "1 + session", random = "1 + session")
quadratic <- list(fixed = "1 + session + session^2", random = "1 + session")
line <- c(loads("i", 1), loads("s", at), residuals)
curve <- c(line, loads("q", at^2), "q ~~ 0*q", "q ~~ 0*i", "q ~~ 0*s")
D <- list("var((Intercept))" = VI, "cov((Intercept),session)" = CIS, "var(session)" = VS)

openmx_paths <- function(class, slope_free, variance_free) {
  p <- paste0("p", at)
  mxModel(paste0("class", class), type = "RAM", manifestVars = p, latentVars = c("i", "s"),
    mxPath("i", p, free = FALSE, values = 1), mxPath("s", p, free = FALSE, values = at),
    mxPath(p, arrows = 2, free = TRUE, values = 7, labels = "v"),
    mxPath("i", arrows = 2, free = TRUE, values = 7, labels = "Dii"),
    mxPath("s", arrows = 2, free = TRUE, values = 0.3, labels = "Dss"),
    mxPath("i", "s", arrows = 2, free = TRUE, values = 0, labels = "Dis"),
    mxPath("one", "i", free = TRUE, values = c(9, 17)[class], labels = paste0("i", class)),
    mxPath("one", "s", free = slope_free, values = if (slope_free) -0.9 else 0, labels = paste0("s", class)),
    mxPath("one", p, free = FALSE, values = 0))
}

by_openmx_mixture <- function(name) {
  data <- mxData(W, type = "raw")
  parts <- list(openmx_paths(1, FALSE), openmx_paths(2, TRUE))
  parts <- lapply(parts, function(m) mxModel(m, data, mxFitFunctionML(vector = TRUE)))
  model <- mxModel("mixture", parts[[1]], parts[[2]], data,
    mxMatrix("Full", 2, 1, values = c(0, 0), free = c(TRUE, FALSE), labels = c("logit", NA), name = "w"),
    mxExpectationMixture(c("class1", "class2"), weights = "w", scale = "softmax"), mxFitFunctionML())
  fit <- mxTryHard(model, extraTries = 10, silent = TRUE)
  e <- summary(fit)$parameters
  one <- function(label) { r <- e[e$name == label | e$matrix == label, ]; c(r$Estimate[1], r$Std.Error[1]) }
  v <- one("v")
  rows <- list("(Intercept)@1" = one("i1"), "(Intercept)@2" = one("i2"), "session@2" = one("s2"), "var((Intercept))" = one("Dii"),
    "cov((Intercept),session)" = one("Dis"), "var(session)" = one("Dss"), "residual sd" = c(sqrt(v[1]), v[2] / (2 * sqrt(v[1]))),
    "membership: (Intercept)@1" = one("logit"))
  entry(name, paste("OpenMx", packageVersion("OpenMx")), "mxTryHard(RAM growth mixture, mxExpectationMixture(scale=\"softmax\"), extraTries=10)",
    c(linear, list(classes = 2, constraints = list("session@1 = 0"))), as.numeric(logLik(fit)), nrow(e), rows)
}

by_openmx <- function(name, spec, sd, rows) {
  m <- openmx_paths(1, TRUE)
  m <- mxModel(m, mxPath(paste0("p", at), arrows = 2, free = FALSE, values = sd^2, labels = "v"), mxData(W, type = "raw"))
  fit <- mxTryHard(m, extraTries = 5, silent = TRUE)
  e <- summary(fit)$parameters
  entry(name, paste("OpenMx", packageVersion("OpenMx")), "mxTryHard(RAM growth curve, extraTries=5)", spec, as.numeric(logLik(fit)), nrow(e),
    lapply(rows, function(label) { r <- e[e$name == label, ]; c(r$Estimate, r$Std.Error) }))
}

out <- list(
  by_lavaan("slope mean 0", c(linear, list(constraints = list("session = 0"))), c(line, "s ~ 0*1"), c(list("(Intercept)" = I), D)),
  by_lavaan("intercept 16, residual sd 2.7, uncorrelated", c(quadratic, list(diagonal = TRUE, constraints = list("(Intercept) = 16", "residual sd = 2.7"))),
    c(sub("v\\*", paste0(2.7^2, "*"), curve), "i ~ 16*1", "i ~~ 0*s"), list(session = S, "session^2" = Q, "var((Intercept))" = VI, "var(session)" = VS)),
  by_lavaan("slope variance 0.5, uncorrelated", c(linear, list(diagonal = TRUE, constraints = list("var(session) = 0.5"))),
    c(line, "s ~~ 0.5*s", "i ~~ 0*s"), list("(Intercept)" = I, session = S, "var((Intercept))" = VI)),
  by_lavaan("equal variances, uncorrelated", c(linear, list(diagonal = TRUE, constraints = list("var((Intercept)) = var(session)"))),
    c(line, "i ~~ w*i", "s ~~ w*s", "i ~~ 0*s"), list("(Intercept)" = I, session = S, "var((Intercept))" = VI, "var(session)" = VS)),
  by_lavaan("linear and quadratic coefficient equal", c(quadratic, list(constraints = list("session = session^2"))),
    c(curve, "s ~ b*1", "q ~ b*1"), c(list("(Intercept)" = I, session = S, "session^2" = Q), D)),
  by_lavaan("no variance of the slope", c(quadratic, list(constraints = list("var(session) = 0"))),
    c(curve, "s ~~ 0*s", "i ~~ 0*s"), list("(Intercept)" = I, session = S, "session^2" = Q, "var((Intercept))" = VI)),
  by_openmx("residual sd 2.5", c(linear, list(constraints = list("residual sd = 2.5"))), 2.5,
    list("(Intercept)" = "i1", session = "s1", "var((Intercept))" = "Dii", "cov((Intercept),session)" = "Dis", "var(session)" = "Dss")),
  by_openmx_mixture("two classes, the first without change")
)
write(toJSON(out, auto_unbox = TRUE, digits = 15, pretty = TRUE), commandArgs(TRUE)[1])
