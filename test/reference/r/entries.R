# From our model specification to calls of nlme and dense.R, and to lines of a reference file.
suppressMessages({ library(nlme); library(jsonlite) })
source("dense.R")

sim600 <- function(where = NULL) {
  d <- read.csv("../sim600.csv")
  d$agec <- (d$age - 38) / 10
  row <- seq_len(nrow(d))
  if (identical(where, "phq9 and gad7 stacked, session <= 6")) {
    d <- d[rep(which(d$session <= 6), each = 2), ]
    d$p <- rep(c(1, 0), length.out = nrow(d))
    d$g <- 1 - d$p
    d$score <- ifelse(d$p == 1, d$phq9, d$gad7)
  } else if (identical(where, "without every fifth row")) d <- d[row %% 5 != 0, ]
  else if (!is.null(where)) d <- d[d$session <= as.numeric(sub("session <= ", "", where)), ]
  d
}

# "1 + session + session^2" -> ~ 1 + session + I(session^2); latent(session) -> the column `latent`
r_formula <- function(text, left = "") {
  text <- gsub("latent\\(\\w+\\)", "latent", text)
  as.formula(paste(left, "~", gsub("(\\w+\\^\\d)", "I(\\1)", text)))
}
term_name <- function(name, spec) gsub("latent", paste0("latent(", spec$occasion %||% spec$time, ")"), gsub("I\\(([^)]*)\\)", "\\1", name))
words <- function(spec) strsplit(spec$residual %||% "common", "+", fixed = TRUE)[[1]]
occasion_of <- function(d, spec) d[[spec$occasion %||% spec$time]]
position_of <- function(d, spec) if ("ar1" %in% words(spec)) occasion_of(d, spec) else if ("car1" %in% words(spec)) d[[spec$time]]
correlation_of <- function(spec) (intersect(c("ar1", "car1"), words(spec)) %||% NA)[1]

dense_of <- function(d, spec, ...) {
  latent <- if (grepl("latent", spec$fixed)) occasion_of(d, spec)
  d$latent <- 1
  correlation <- correlation_of(spec)
  dense(d, spec$outcome, r_formula(spec$fixed), if (spec$random != "0") r_formula(spec$random),
        occasion = if ("occasion" %in% words(spec)) occasion_of(d, spec), correlation = if (is.na(correlation)) "none" else correlation,
        position = position_of(d, spec), classes = spec$classes %||% 1, sd_by_class = "class" %in% words(spec),
        reml = isTRUE(spec$reml), latent = latent, diagonal = isTRUE(spec$diagonal), ...)
}

# The lme or gls call of a specification, as text on the data d.
nlme_call <- function(spec, optimiser) {
  one <- function(text) gsub("^1 \\+ ", "", gsub("(\\w+\\^\\d)", "I(\\1)", text))
  correlation <- correlation_of(spec)
  occasion <- spec$occasion %||% spec$time
  has_random <- spec$random != "0"
  random <- if (isTRUE(spec$diagonal)) sprintf("list(id=pdDiag(~%s))", gsub("(\\w+\\^\\d)", "I(\\1)", spec$random)) else sprintf("~%s|id", gsub("(\\w+\\^\\d)", "I(\\1)", spec$random))
  paste0(if (has_random) "lme(" else "gls(", spec$outcome, "~", one(spec$fixed),
         if (has_random) paste0(", random=", random),
         if (!is.na(correlation)) sprintf(", correlation=%s(form=~%s|id)", c(ar1 = "corAR1", car1 = "corCAR1")[correlation], if (correlation == "ar1") occasion else spec$time),
         if ("occasion" %in% words(spec)) sprintf(", weights=varIdent(form=~1|factor(%s))", occasion),
         ", data=d, method=\"", if (isTRUE(spec$reml)) "REML" else "ML", "\", control=", if (has_random) "lme" else "gls", "Control(", optimiser,
         if (has_random) ", msMaxEval=5000, niterEM=100, returnObject=TRUE", ", maxIter=1000, msMaxIter=5000, tolerance=1e-10, msTol=1e-13))")
}

nlme_fit <- function(d, spec) {
  best <- NULL
  for (optimiser in c('opt="nlminb"', 'opt="optim", optimMethod="BFGS"')) {
    text <- nlme_call(spec, optimiser)
    fit <- tryCatch(suppressWarnings(eval(parse(text = text))), error = function(e) NULL)
    if (!is.null(fit) && (is.null(best) || as.numeric(logLik(fit)) > best$logLik + 1e-9)) best <- list(fit = fit, call = text, logLik = as.numeric(logLik(fit)))
  }
  fit <- best$fit
  random <- inherits(fit, "lme")
  sd <- fit$sigma
  if (!is.null(fit$modelStruct$varStruct)) {
    ratio <- coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
    sd <- unname(fit$sigma * ratio[order(as.numeric(names(ratio)))])
  }
  beta <- if (random) fixef(fit) else coef(fit)
  c(best[c("call", "logLik")], list(
    npar = attr(logLik(fit), "df"), beta = beta, se = sqrt(diag(if (random) fit$varFix else fit$varBeta)),
    D = if (random) matrix(getVarCov(fit), nrow(getVarCov(fit))), sd = sd,
    phi = if (!is.null(fit$modelStruct$corStruct)) unname(coef(fit$modelStruct$corStruct, unconstrained = FALSE))))
}

lower <- function(M) t(M)[upper.tri(M, diag = TRUE)]  # lower triangle by rows
pairs_of <- function(names, estimate, se) setNames(Map(function(a, b) c(a, b), unname(estimate), unname(se)), names)

# A reference of one class: the software's estimates, the errors of dense.R for all but the fixed effects.
one_class_entry <- function(name, package, d, spec, theirs, check, where = NULL) {
  by_occasion <- "occasion" %in% words(spec)
  sd <- theirs$sd
  rows_sd <- if (by_occasion) sd[match(occasion_of(d, spec), sort(unique(occasion_of(d, spec))))] else rep(sd, nrow(d))
  dl <- d
  if (!is.null(theirs$loadings)) dl$latent <- c(0, theirs$loadings, 1)[match(occasion_of(d, spec), sort(unique(occasion_of(d, spec))))]
  X <- model.matrix(r_formula(spec$fixed), dl)
  Z <- if (spec$random == "0") matrix(0, nrow(d), 0) else model.matrix(r_formula(spec$random), dl)
  D <- if (is.null(theirs$D)) matrix(0, 0, 0) else theirs$D
  again <- base_log_likelihood(d, spec$outcome, X, Z, theirs$beta, D, rows_sd, theirs$phi, position_of(d, spec), isTRUE(spec$reml))
  entry <- list(name = name, package = package, call = theirs$call, data = "sim600", where = where,
    nPersons = length(unique(d$id)), nObservations = nrow(d), spec = spec, logLik = theirs$logLik, npar = check$npar,
    fixed = pairs_of(term_name(colnames(X), spec), theirs$beta, theirs$se),
    observedSe = setNames(as.list(as.vector(check$beta$se)), term_name(colnames(X), spec)),
    residualSd = I(sd), residualSdSe = I(as.vector(check$sd$se)), occasions = if (by_occasion) I(sort(unique(occasion_of(d, spec)))),
    autocorrelation = theirs$phi, autocorrelationSe = if (!is.null(theirs$phi)) check$phi[2],
    loadings = if (!is.null(theirs$loadings)) pairs_of(sort(unique(occasion_of(d, spec)))[1 + seq_along(theirs$loadings)], theirs$loadings, theirs$loadings_se),
    covarianceD = if (length(D)) D, covarianceSe = if (length(D)) I(lower(check$D$se)),
    logLikAtEstimates = again, logLikCrossCheck = list(package = "TMB 1.9.2 (r/dense.cpp)", logLik = check$logLik))
  cat(sprintf("%-50s %.6f  at estimates %+.1e  maximum %+.1e  npar %d/%d  gradient %.0e curvature %.1e\n", name, theirs$logLik, again - theirs$logLik,
              check$logLik - theirs$logLik, theirs$npar %||% NA, check$npar, check$gradient, check$least_curvature))
  Filter(Negate(is.null), entry)
}

write_entries <- function(entries, file) {
  lines <- vapply(entries, function(e) toJSON(e, auto_unbox = TRUE, digits = NA), "")
  writeLines(c("[", paste0(lines, c(rep(",", length(lines) - 1), "")), "]"), file)
}
