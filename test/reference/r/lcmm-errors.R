# Standard errors of lcmm's 3-class quadratic LCGA with predictors of membership on sim600, from second differences of the log-likelihood in
# base R: with the step that marqLevAlg documents and uses, max(1e-7, 1e-4 |b|), and with larger ones. Rscript lcmm-errors.R
suppressMessages(library(jsonlite))
models <- fromJSON("../sim600-models.json", simplifyVector = FALSE)
m <- Filter(function(m) m$name == "hlme_session_lcga_quad_K3_classmb", models)[[1]]
d <- read.csv("../sim600.csv"); d$agec <- (d$age - 38) / 10
X <- cbind(1, d$session, d$session^2)
first <- !duplicated(d$id); person <- match(d$id, d$id[first])
W <- cbind(1, d$agec, d$employed, d$ltc)[first, ]
names <- unlist(m$membership$names)
# Logits of class 1, of class 2, coefficients of the three classes, residual sd: lcmm's own parameters.
b <- c(unlist(m$membership$logits), unlist(lapply(m$classes, function(k) k$fixed)), unlist(m$residualSd))
log_likelihood <- function(b) {
  logits <- cbind(W %*% matrix(b[1:8], 4), 0)
  joint <- sapply(1:3, function(k) {
    r <- d$phq9 - X %*% b[8 + 3 * (k - 1) + 1:3]
    rowsum(dnorm(r, 0, b[18], log = TRUE), person) + logits[, k]
  }) - log(rowSums(exp(logits)))
  top <- apply(joint, 1, max)
  sum(top + log(rowSums(exp(joint - top))))
}
# Forward second differences.
errors <- function(h) {
  n <- length(b); f0 <- log_likelihood(b)
  f1 <- sapply(1:n, function(i) { x <- b; x[i] <- x[i] + h[i]; log_likelihood(x) })
  H <- matrix(0, n, n)
  for (i in 1:n) for (j in 1:i) {
    x <- b; x[i] <- x[i] + h[i]; x[j] <- x[j] + h[j]
    H[i, j] <- H[j, i] <- -(log_likelihood(x) - f1[i] - f1[j] + f0) / (h[i] * h[j])
  }
  sqrt(diag(solve(H)))[1:8]
}
cat("log-likelihood", format(log_likelihood(b), digits = 12), "\n")
table <- data.frame(estimate = b[1:8], step = pmax(1e-7, 1e-4 * abs(b))[1:8], lcmm = unlist(m$packageSe$membership), exact = unlist(m$membership$se),
  differences_marqLevAlg_step = errors(pmax(1e-7, 1e-4 * abs(b))), differences_step_1e_4 = errors(rep(1e-4, 18)), row.names = paste(rep(names, 2), rep(1:2, each = 4)))
print(signif(table, 4))
