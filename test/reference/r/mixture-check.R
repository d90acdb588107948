# Log-likelihood of reference mixtures at their stored estimates, in base R, one person at a time.
# Rscript mixture-check.R [file of REFRAMED]
source("entries.R")
reframed_file <- commandArgs(TRUE)
check <- function(file, d) {
  for (m in fromJSON(file, simplifyVector = FALSE)) {
    if (is.null(m$classes) || !is.null(m$membership) && length(m$membership$names) > 1) next
    data <- if (grepl("<= ", m$where %||% "")) d[d[[sub(" .*", "", m$where)]] <= as.numeric(sub(".* ", "", m$where)), ] else d
    X <- model.matrix(r_formula(m$spec$fixed), data)
    lone <- m$spec$random == "0"
    Z <- if (lone) matrix(0, nrow(data), 0) else model.matrix(r_formula(m$spec$random), data)
    K <- length(m$classes)
    logits <- numeric(K); logits[-m$membership$reference] <- unlist(m$membership$logits)
    D <- if (!lone) simplify2array(lapply(m$covarianceD, unlist))
    if (!lone && is.list(m$covarianceD[[1]][[1]])) D <- NULL
    by_occasion <- !is.null(m$occasions)
    occasion <- if (by_occasion) match(occasion_of(data, m$spec), unlist(m$occasions)) else 1
    sds <- matrix(unlist(m$residualSd), if (by_occasion) length(m$occasions) else 1)
    joint <- sapply(seq_len(K), function(k) {
      Dk <- if (lone) matrix(0, 0, 0) else if (is.null(D)) matrix(unlist(m$covarianceD[[k]]), ncol(Z)) else matrix(D, ncol(Z))
      logits[k] - log(sum(exp(logits))) + base_densities(data, m$spec$outcome, X, Z, unlist(m$classes[[k]]$fixed), Dk,
        rep_len(sds[occasion, min(k, ncol(sds))], nrow(data)), m$autocorrelation, position_of(data, m$spec))[1, ]
    })
    top <- apply(joint, 1, max)
    value <- sum(top + log(rowSums(exp(joint - top))))
    cat(sprintf("%-50s %.6f  recorded %+.1e\n", m$name, value, m$logLik - value))
  }
}
check("../sim600-models.json", sim600())
if (length(reframed_file)) {
  d <- read.csv(reframed_file); d$id <- d$patient
  check("../reframed-models.json", d[order(match(d$id, unique(d$id))), ])
}
