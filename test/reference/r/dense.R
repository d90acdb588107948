# Maximum likelihood by dense.cpp: exact gradient and Hessian by automatic differentiation (TMB), Newton to the end.
suppressMessages(library(TMB))
`%||%` <- function(a, b) if (is.null(a)) b else a
if (!file.exists(dynlib("dense"))) invisible(compile("dense.cpp", "-O1 -g0"))
dyn.load(dynlib("dense"))

# d: sorted by person (column id); fixed, random: one-sided formulas; occasion: groups of residual variance (a vector, or NULL);
# correlation: "none", "ar1", "car1" on `position`; latent: a vector of occasions with free loadings, which multiply the columns of both
# formulas that have `latent` (a column of ones) in their name; start: values to start from; class_means: p x K matrices, each tried as
# start of the coefficients of the classes.
dense <- function(d, y, fixed, random = NULL, occasion = NULL, correlation = "none", position = NULL, classes = 1,
                  sd_by_class = FALSE, reml = FALSE, latent = NULL, diagonal = FALSE, start = list(), class_means = NULL) {
  X <- model.matrix(fixed, d)
  Z <- if (is.null(random)) matrix(0, nrow(d), 0) else model.matrix(random, d)
  runs <- rle(as.character(d$id))
  first <- cumsum(c(0, head(runs$lengths, -1)))
  group <- if (is.null(occasion)) rep(0L, nrow(d)) else match(occasion, sort(unique(occasion))) - 1L
  step <- if (is.null(latent)) rep(0L, nrow(d)) else match(latent, sort(unique(latent))) - 1L
  q <- ncol(Z); K <- classes; groups <- max(group) + 1
  spread <- sd(d[[y]])
  linear <- X; times <- grepl("latent", colnames(X)); linear[, times] <- linear[, times] * step / max(step, 1)
  L <- diag(c(spread / 1.5, rep(0.3, max(0, q - 1))), q)
  values <- list(
    beta = matrix(qr.solve(linear, d[[y]]), ncol(X), K), chol = t(L)[upper.tri(L, diag = TRUE)],
    log_sd = matrix(log(spread / 1.8), groups, K), phi_free = if (correlation == "car1") -1 else 0.1,
    logits = rep(0, K - 1), loading = if (is.null(latent)) numeric(0) else head(seq(0, 1, length.out = max(step) + 1)[-1], -1))
  values[names(start)] <- start
  map <- list()
  if (correlation == "none") map$phi_free <- factor(NA)
  if (K > 1 && !sd_by_class) map$log_sd <- factor(rep(seq_len(groups), K))
  if (diagonal) {
    keep <- t(row(L) == col(L))[upper.tri(L, TRUE)]
    map$chol <- factor(ifelse(keep, seq_along(keep), NA))
  }
  object <- MakeADFun(
    list(y = d[[y]], X = X, Z = Z, first = as.integer(first), count = runs$lengths, occasion = group,
         position = if (is.null(position)) rep(0, nrow(d)) else as.numeric(position),
         correlation = match(correlation, c("none", "ar1", "car1")) - 1L, latentX = as.integer(grepl("latent", colnames(X))), latentZ = as.integer(grepl("latent", colnames(Z))), step = step, reml = as.integer(reml)),
    values, map = map, DLL = "dense", silent = TRUE)
  reached <- lapply(class_means %||% list(values$beta), function(means) {
    x <- object$par
    x[names(x) == "beta"] <- as.vector(means)
    tryCatch(nlminb(x, object$fn, object$gr, control = list(eval.max = 5000, iter.max = 5000, rel.tol = if (is.null(class_means)) 1e-14 else 1e-9)),
             error = function(e) list(objective = Inf))
  })
  values_reached <- -vapply(reached, `[[`, 0, "objective")
  x <- reached[[which.max(values_reached)]]$par
  for (i in 1:8) {  # Newton with the exact Hessian
    g <- as.vector(object$gr(x))
    if (max(abs(g)) < 1e-8) break
    H <- object$he(x)
    step_ <- tryCatch(solve(H, g), error = function(e) NULL)
    if (is.null(step_) || object$fn(x - step_) > object$fn(x) + 1e-9) break
    x <- x - step_
  }
  H <- object$he(x)
  object$fn(x)
  report <- summary(sdreport(object, par.fixed = x, hessian.fixed = H), "report")
  part <- function(name, column) report[rownames(report) == name, column]
  shaped <- function(name, rows) list(estimate = matrix(part(name, 1), rows), se = matrix(part(name, 2), rows))
  list(logLik = -object$fn(x), npar = length(x), gradient = max(abs(object$gr(x))), least_curvature = min(eigen(H, TRUE)$values),
       beta = { b <- shaped("beta", ncol(X)); lapply(b, function(m) { rownames(m) <- colnames(X); m }) },
       D = if (q) shaped("D", q), sd = shaped("sd", groups),
       phi = if (correlation == "none") NULL else c(part("phi", 1), part("phi", 2)),
       logits = shaped("logits", K - 1), loading = shaped("loading", length(values$loading)),
       reached = values_reached)
}

# The same in base R, one person at a time: a check of dense.cpp, and of software at the values it reports.
base_densities <- function(d, y, X, Z, beta, D, sd, phi = NULL, position = NULL) {
  sapply(split(seq_len(nrow(d)), factor(d$id, unique(d$id))), function(rows) {
    z <- Z[rows, , drop = FALSE]; s <- sd[rows]
    R <- if (is.null(phi)) diag(length(rows)) else phi^abs(outer(position[rows], position[rows], "-"))
    V <- z %*% D %*% t(z) + R * outer(s, s)
    r <- d[[y]][rows] - X[rows, , drop = FALSE] %*% beta
    x <- X[rows, , drop = FALSE]
    c(-0.5 * (length(rows) * log(2 * pi) + as.numeric(determinant(V)$modulus) + sum(r * solve(V, r))), t(x) %*% solve(V, x))
  })
}

base_log_likelihood <- function(d, y, X, Z, beta, D, sd, phi = NULL, position = NULL, reml = FALSE) {
  people <- base_densities(d, y, X, Z, beta, D, sd, phi, position)
  if (!reml) return(sum(people[1, ]))
  information <- matrix(rowSums(people[-1, , drop = FALSE]), ncol(X))
  sum(people[1, ]) + 0.5 * ncol(X) * log(2 * pi) - 0.5 * as.numeric(determinant(information)$modulus)
}
