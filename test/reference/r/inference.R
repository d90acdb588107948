# Satterthwaite degrees of freedom (lmerTest) and explained variance (lme4, performance) on sim600.csv.
# Run in this folder: Rscript r/inference.R > inference-sim600.json
suppressMessages({ library(lme4); library(lmerTest); library(jsonlite) })
d <- read.csv("sim600.csv")
d$agec <- (d$age - 38) / 10
# The first 40 people, seen up to session 6: few enough for the degrees of freedom to matter.
few <- d[d$id <= 40 & d$session <= 6, ]
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5))
cases <- list(
  list(name = "RI", data = "all", fixed = "1 + week", random = "1", reml = TRUE),
  list(name = "RIRS", data = "all", fixed = "1 + week", random = "1 + week", reml = TRUE),
  list(name = "RIRS, ML", data = "all", fixed = "1 + week", random = "1 + week", reml = FALSE),
  list(name = "RI, few", data = "few", fixed = "1 + week", random = "1", reml = TRUE),
  list(name = "RIRS, few", data = "few", fixed = "1 + week", random = "1 + week", reml = TRUE),
  list(name = "RIRS, few, ML", data = "few", fixed = "1 + week", random = "1 + week", reml = FALSE),
  list(name = "RIRS with covariates, few", data = "few", fixed = "1 + week + week^2 + agec + female + agec:week + female:week",
       random = "1 + week", reml = TRUE),
  list(name = "RIRS diagonal with covariates, few", data = "few", fixed = "1 + week + agec + female + female:week",
       random = "1 + week", diagonal = TRUE, reml = TRUE)
)
out <- lapply(cases, function(case) {
  data <- if (case$data == "few") few else d
  bar <- if (isTRUE(case$diagonal)) "||" else "|"
  fixed <- gsub("week^2", "I(week^2)", case$fixed, fixed = TRUE)
  formula <- as.formula(sprintf("phq9 ~ %s + (%s %s id)", fixed, case$random, bar))
  m <- lmer(formula, data, REML = case$reml, control = tight)
  table <- coef(summary(m))
  names <- gsub("I(week^2)", "week^2", rownames(table), fixed = TRUE)
  k <- nrow(table)
  # Several coefficients at once: all but the intercept, and the last two.
  joint <- lapply(list(all = 2:k, last = (k - 1):k), function(rows) {
    test <- contestMD(m, diag(k)[rows, , drop = FALSE], ddf = "Satterthwaite")
    list(names = names[rows], f = test[["F value"]], numDf = test[["NumDF"]], denDf = test[["DenDF"]], p = test[["Pr(>F)"]])
  })
  # Explained variance by hand: variances over the rows, with divisor n.
  X <- model.matrix(m)
  eta <- as.vector(X %*% fixef(m))
  Z <- model.matrix(as.formula(paste("~", case$random)), data)
  D <- as.matrix(Matrix::bdiag(lapply(VarCorr(m), function(v) matrix(v, nrow(v)))))
  n <- nrow(data)
  varFixed <- var(eta) * (n - 1) / n
  varRandom <- sum((Z %*% D) * Z) / n
  varResidual <- sigma(m)^2
  r2 <- suppressWarnings(performance::r2_nakagawa(m))
  icc <- suppressWarnings(performance::icc(m))
  list(name = case$name, data = case$data, call = paste("lmer", deparse1(formula), "REML =", case$reml),
       spec = list(fixed = case$fixed, random = case$random, diagonal = isTRUE(case$diagonal), reml = case$reml),
       nObservations = n,
       coefficients = lapply(seq_len(k), function(i) list(name = names[i], estimate = table[i, 1], se = table[i, 2],
         df = table[i, 3], t = table[i, 4], p = table[i, 5])),
       joint = unname(joint),
       variance = list(fixed = varFixed, random = varRandom, residual = varResidual),
       performance = list(marginal = unname(r2$R2_marginal), conditional = unname(r2$R2_conditional), icc = icc$ICC_adjusted))
})
versions <- list(R = as.character(getRversion()), lme4 = as.character(packageVersion("lme4")), lmerTest = as.character(packageVersion("lmerTest")),
  performance = as.character(packageVersion("performance")))
cat(toJSON(list(versions = versions, models = out), auto_unbox = TRUE, digits = 12, pretty = TRUE))
