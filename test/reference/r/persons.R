# Empirical Bayes predictions and cluster-robust errors by other software, for test/reference/persons-sim600.json.
suppressMessages({library(lme4); library(clubSandwich); library(numDeriv); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1])
d$agec <- (d$age - 38) / 10
ml <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
call <- "lmer(phq9 ~ session + I(session^2) + (1 + session | id), REML = FALSE)"
m <- lmer(phq9 ~ session + I(session^2) + (1 + session | id), data = d, REML = FALSE, control = ml)
r <- ranef(m, condVar = TRUE)$id
v <- attr(r, "postVar")
shown <- c(1:6, seq(25, 600, by = 25))
ids <- rownames(r)[shown]

# Cluster-robust: clubSandwich CR1 for fixed effects (given the variances), by hand for all parameters.
call2 <- "lmer(phq9 ~ session + agec + (1 + session | id), REML = FALSE); vcovCR(cluster = imd, type = 'CR1')"
m2 <- lmer(phq9 ~ session + agec + (1 + session | id), data = d, REML = FALSE, control = ml)
cr <- sqrt(diag(vcovCR(m2, cluster = d$imd, type = "CR1")))
# By hand: log-likelihood of each person from the dense normal density, scores by Richardson extrapolation.
X <- model.matrix(~ session + agec, d); Z <- model.matrix(~ session, d)
people <- split(seq_len(nrow(d)), d$id)
ll <- function(p, rows) {
  D <- matrix(c(p[4], p[5], p[5], p[6]), 2)
  x <- X[rows, , drop = FALSE]; z <- Z[rows, , drop = FALSE]
  V <- z %*% D %*% t(z) + diag(p[7]^2, length(rows)); e <- d$phq9[rows] - x %*% p[1:3]
  C <- chol(V); u <- backsolve(C, e, transpose = TRUE)
  -0.5 * (length(rows) * log(2 * pi) + 2 * sum(log(diag(C))) + sum(u^2))
}
vc <- as.data.frame(VarCorr(m2)); est <- c(fixef(m2), vc$vcov[1], vc$vcov[3], vc$vcov[2], vc$sdcor[4])
total <- function(p) sum(vapply(people, function(rows) ll(p, rows), 0))
est <- optim(est, function(p) -total(p), method = "BFGS", control = list(reltol = 1e-15, parscale = pmax(abs(est), 0.01)))$par
H <- -hessian(total, est)
S <- t(vapply(people, function(rows) grad(function(p) ll(p, rows), est), est))
imd <- vapply(people, function(rows) d$imd[rows[1]], 0)
G <- rowsum(S, imd)
bread <- solve(H); n <- length(unique(imd))
robust <- sqrt(diag(bread %*% crossprod(S) %*% bread))
cluster <- sqrt(n / (n - 1) * diag(bread %*% crossprod(G) %*% bread))
cat(toJSON(list(
  software = paste("R", getRversion(), "lme4", packageVersion("lme4"), "clubSandwich", packageVersion("clubSandwich"), "numDeriv", packageVersion("numDeriv")),
  ranef = list(call = call, logLik = as.numeric(logLik(m)), ids = ids, effects = as.matrix(r[shown, ]),
    covariance = lapply(shown, function(i) v[, , i])),
  cluster = list(call = call2, clusters = n, logLik = total(est), lme4LogLik = as.numeric(logLik(m2)),
    names = c("(Intercept)", "session", "agec", "var((Intercept))", "cov((Intercept),session)", "var(session)", "residual sd"),
    estimates = est, se = sqrt(diag(bread)), robust = robust, cluster = cluster, clubSandwichCR1 = unname(cr))
), digits = 12, auto_unbox = TRUE, pretty = FALSE))
