# Natural splines and piecewise lines on sim600.csv: writes ../splines-sim600.json. Run in this folder: Rscript splines.R
library(lme4)
library(splines)
library(jsonlite)
d <- read.csv("../sim600.csv")
d <- d[!is.na(d$phq9) & !is.na(d$week), ]
d$agec <- (d$age - 38) / 10
d$early <- pmin(d$week, 4)
d$middle <- pmin(pmax(d$week - 4, 0), 8)
d$late <- pmax(d$week - 12, 0)
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-9))
run <- function(name, formula, fixed, random, reml = FALSE) {
  m <- lmer(as.formula(formula), d, REML = reml, control = control)
  # The times asked for afterwards lie inside, at and beyond the boundary.
  new <- data.frame(week = c(0, 1.5, 5, 10, 30), agec = 0.5)
  new$early <- pmin(new$week, 4); new$middle <- pmin(pmax(new$week - 4, 0), 8); new$late <- pmax(new$week - 12, 0)
  s <- summary(m)$coefficients
  list(name = name, call = formula, fixed = fixed, random = random, reml = reml,
       nPersons = length(unique(d$id)), nObservations = nrow(d), logLik = as.numeric(logLik(m)),
       coefficients = unname(s[, 1]), standardErrors = unname(s[, 2]),
       fittedAt = new$week, fitted = unname(predict(m, new, re.form = NA)))
}
models <- list(
  run("ns by df", "phq9 ~ ns(week, df = 3) + (1 | id)", "1 + ns(week, 3)", "1"),
  run("ns by knots, random slope", "phq9 ~ ns(week, knots = c(3, 9)) + (1 + week | id)", "1 + ns(week, [3, 9])", "1 + week"),
  run("ns times age, REML", "phq9 ~ ns(week, df = 2) * agec + (1 | id)", "1 + ns(week, 2) * agec", "1", TRUE),
  run("piecewise", "phq9 ~ early + middle + late + (1 + early | id)", "1 + piecewise(week, [4, 12])", "1 + min4"),
  run("log", "phq9 ~ log(1 + week) + (1 + log(1 + week) | id)", "1 + log(1 + week)", "1 + log(1 + week)")
)
models[[4]]$random <- "1 + I(min(week, 4))"
basis <- ns(d$week, df = 4)
out <- list(software = list(R = R.version.string, lme4 = as.character(packageVersion("lme4"))),
            range = range(d$week), models = models,
            basis = list(call = "ns(d$week, df = 4), then predict() at x", knots = unname(attr(basis, "knots")),
                         x = c(-1, 0, 0.4, 2, 7.3, 19, 26, 40), values = unclass(predict(basis, c(-1, 0, 0.4, 2, 7.3, 19, 26, 40)))))
attributes(out$basis$values) <- list(dim = dim(out$basis$values))
write_json(out, "../splines-sim600.json", auto_unbox = TRUE, digits = 12, pretty = FALSE)
for (m in models) cat(m$name, m$logLik, m$coefficients, "\n")
cat(out$basis$knots, range(d$week), "\n")
