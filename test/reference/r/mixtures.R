# Growth mixture models with structured residuals. No R package fits them: each is the best maximum of dense.R over many starts,
# with its log-likelihood and posteriors computed again in base R.
# Rscript mixtures.R <output file>
source("entries.R")
package <- "TMB 1.9.2 (r/dense.cpp)"
n_starts <- 12

# Starts of the classes' coefficients: k-means of ridge growth estimates of persons, and random persons as classes.
starts_of <- function(d, spec, beta, seed) {
  X <- model.matrix(r_formula(spec$fixed), d); r <- d[[spec$outcome]] - X %*% beta
  scale <- sqrt(colMeans(X^2))
  own <- t(sapply(split(seq_len(nrow(d)), factor(d$id, unique(d$id))), function(rows) {
    x <- sweep(X[rows, , drop = FALSE], 2, scale, "/")
    solve(crossprod(x) + diag(ncol(x)), crossprod(x, r[rows]))
  }))
  set.seed(seed)
  lapply(seq_len(n_starts), function(s) {
    centres <- if (s %% 2) kmeans(own, spec$classes, iter.max = 50)$centers else own[sample(nrow(own), spec$classes), ]
    as.vector(beta) + t(centres) / scale
  })
}

mixture_entry <- function(name, spec, where = NULL, seed = 1) {
  d <- sim600(where)
  one <- dense_of(d, modifyList(spec, list(classes = 1)))
  by_class <- "class" %in% words(spec)
  K <- spec$classes
  L <- if (is.null(one$D)) numeric(0) else { D <- one$D$estimate / 2; lower(t(chol(D))) }
  start <- list(log_sd = matrix(log(one$sd$estimate[, 1]), nrow(one$sd$estimate), K), chol = L)
  if (!is.null(one$phi)) start$phi_free <- if ("ar1" %in% words(spec)) atanh(one$phi[1]) else qlogis(one$phi[1])
  fit <- dense_of(d, spec, start = start, class_means = starts_of(d, spec, one$beta$estimate[, 1], seed))
  X <- model.matrix(r_formula(spec$fixed), d)
  Z <- if (spec$random == "0") matrix(0, nrow(d), 0) else model.matrix(r_formula(spec$random), d)
  D <- if (is.null(fit$D)) matrix(0, 0, 0) else fit$D$estimate
  occasions <- sort(unique(occasion_of(d, spec)))
  group <- if ("occasion" %in% words(spec)) match(occasion_of(d, spec), occasions) else rep(1, nrow(d))
  logits <- c(as.vector(fit$logits$estimate), 0)
  prior <- exp(logits) / sum(exp(logits))
  joint <- sapply(seq_len(K), function(k)
    log(prior[k]) + base_densities(d, spec$outcome, X, Z, fit$beta$estimate[, k], D, fit$sd$estimate[group, k], fit$phi[1], position_of(d, spec))[1, ])
  top <- apply(joint, 1, max)
  each <- top + log(rowSums(exp(joint - top)))
  posterior <- exp(joint - each)
  best <- sum(fit$reached > fit$logLik - 0.001)
  cat(sprintf("%-45s %.6f  base R %+.1e  npar %d  gradient %.0e curvature %.1e  reached by %d of %d; worst %.3f; sizes %s\n", name, fit$logLik, sum(each) - fit$logLik,
              fit$npar, fit$gradient, fit$least_curvature, best, n_starts, min(fit$reached), paste(table(max.col(posterior)), collapse = " ")))
  sd_columns <- if (by_class) seq_len(K) else 1
  Filter(Negate(is.null), list(name = name, package = package, call = "dense_of(d, spec), the best of the starts; see r/mixtures.R", data = "sim600", where = where,
    nPersons = length(unique(d$id)), nObservations = nrow(d), spec = spec, logLik = fit$logLik, npar = fit$npar,
    classes = lapply(seq_len(K), function(k) list(fixed = fit$beta$estimate[, k], se = fit$beta$se[, k], proportion = mean(posterior[, k]), assigned = sum(max.col(posterior) == k))),
    membership = list(names = I("(Intercept)"), reference = K, logits = I(lapply(logits[-K], I)), se = I(lapply(as.vector(fit$logits$se), I))),
    entropy = 1 + sum(posterior * log(pmax(posterior, 1e-300))) / (nrow(posterior) * log(K)),
    residualSd = I(as.vector(fit$sd$estimate[, sd_columns])), residualSdSe = I(as.vector(fit$sd$se[, sd_columns])),
    occasions = if ("occasion" %in% words(spec)) I(occasions), autocorrelation = if (!is.null(fit$phi)) fit$phi[1], autocorrelationSe = if (!is.null(fit$phi)) fit$phi[2],
    covarianceD = if (length(D)) D, covarianceSe = if (length(D)) I(lower(fit$D$se)),
    starts = n_starts, startsReachingBest = best, logLikCrossCheck = list(package = "base R, one person at a time", logLik = sum(each))))
}

quad <- "1 + session + session^2"; line <- "1 + session"
model <- function(random, residual, classes = 2, time = "session", ...)
  list(outcome = "phq9", time = time, fixed = gsub("session", time, quad), random = random, classes = classes, residual = residual, ...)
entries <- list(
  mixture_entry("session0to6_gmm_quad_RIRS_K2_occasion", model(line, "occasion"), "session <= 6"),
  mixture_entry("session_gmm_quad_RIRS_K2_ar1", model(line, "ar1")),
  mixture_entry("session_lcga_quad_K2_ar1", model("0", "ar1")),
  mixture_entry("session0to6_gmm_quad_RI_K2_ar1_occasion", model("1", "ar1+occasion"), "session <= 6"),
  mixture_entry("session_gmm_quad_RI_K2_ar1_class", model("1", "ar1+class")),
  mixture_entry("session0to6_gmm_quad_RI_K2_class_occasion", model("1", "class+occasion"), "session <= 6"),
  mixture_entry("session_lcga_quad_K3_occasion", model("0", "occasion", 3)),
  mixture_entry("week_gmm_quad_RIRS_K2_car1", model("1 + week", "car1", 2, "week")))
write_entries(entries, commandArgs(TRUE)[1])
