# Non-parametric bootstrap of a growth curve on sim600.csv: writes ../bootstrap-sim600.json. Run in this folder: Rscript bootstrap.R
# People are drawn with replacement and lmer is fitted again to each sample, a person drawn twice counting as two.
library(lme4)
library(jsonlite)
d <- read.csv("../sim600.csv")
d <- d[!is.na(d$phq9) & !is.na(d$week), ]
replicates <- 2000
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-8), calc.derivs = FALSE)
formula <- phq9 ~ week + (1 + week | id)
rows <- split(seq_len(nrow(d)), d$id)
ids <- names(rows)
estimates <- function(m) {
  v <- as.data.frame(VarCorr(m), order = "lower.tri")
  c(unname(fixef(m)), v$vcov[1], v$vcov[2], v$vcov[3], sigma(m), as.numeric(logLik(m)))
}
refit_to <- function(drawn) {
  s <- d[unlist(rows[drawn]), ]
  s$id <- rep(seq_along(drawn), lengths(rows[drawn]))
  estimates(lmer(formula, s, REML = FALSE, control = control))
}
set.seed(20261123)
# The first few samples are kept as such: the same sample must give the same estimates.
kept <- lapply(1:4, function(b) {
  drawn <- sample(ids, replace = TRUE)
  list(counts = unname(as.vector(table(factor(drawn, levels = ids)))), estimates = refit_to(drawn))
})
all <- t(sapply(seq_len(replicates), function(b) refit_to(sample(ids, replace = TRUE))))
fit <- estimates(lmer(formula, d, REML = FALSE, control = control))
out <- list(software = list(R = R.version.string, lme4 = as.character(packageVersion("lme4"))),
            call = "lmer(phq9 ~ week + (1 + week | id), REML = FALSE)", replicates = replicates,
            names = c("(Intercept)", "week", "var((Intercept))", "cov((Intercept),week)", "var(week)", "residual sd"),
            ids = ids, samples = kept, estimates = fit, standardErrors = apply(all[, 1:6], 2, sd),
            lower = apply(all[, 1:6], 2, quantile, 0.025, type = 6), upper = apply(all[, 1:6], 2, quantile, 0.975, type = 6))
write_json(out, "../bootstrap-sim600.json", auto_unbox = TRUE, digits = 12, pretty = FALSE)
print(out$standardErrors)
