# Latent class growth with a residual variance per class by flexmix, best of 20 random starts for each seed.
# Usage: Rscript flexmixMaximum.R DATA.csv CLASSES DEGREE SEEDS; prints one line of JSON.
suppressPackageStartupMessages(library(flexmix))
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(arguments[1])
d$time2 <- d$time^2
k <- as.integer(arguments[2])
formula <- if (arguments[3] == "2") y ~ time + time2 | id else y ~ time | id
seconds <- numeric(0)
values <- numeric(0)
for (seed in seq_len(as.integer(arguments[4]))) {
  set.seed(seed)
  best <- -Inf
  seconds <- c(seconds, sum(system.time(
    for (start in 1:20) {
      m <- try(flexmix(formula, data = d, k = k,
                       control = list(iter.max = 5000, tolerance = 1e-8, minprior = 0)), silent = TRUE)
      if (!inherits(m, "try-error")) best <- max(best, as.numeric(logLik(m)))
    }
  )[c("user.self", "sys.self")]))
  values <- c(values, best)
}
cat(sprintf(
  '{"package":"flexmix %s","call":"best of 20 flexmix(%s, k = %d, control = list(iter.max = 5000, tolerance = 1e-8, minprior = 0))","logLikelihoods":[%s],"seconds":[%s]}\n',
  packageVersion("flexmix"), deparse(formula), k,
  paste(sprintf("%.6f", values), collapse = ","), paste(sprintf("%.4f", seconds), collapse = ",")
))
