# Times flexmix on a 3-class latent class growth analysis (quadratic, a residual variance per class) from one
# random start a run, the data being in memory already. Usage: Rscript flexmix.R DATA.csv flexmix RUNS; prints one line of JSON.
suppressPackageStartupMessages(library(flexmix))
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(arguments[1])
d$session2 <- d$session^2
seconds <- numeric(0)
values <- numeric(0)
for (run in seq_len(as.integer(arguments[3]))) {
  set.seed(run)
  gc(FALSE)
  seconds <- c(seconds, system.time(
    m <- flexmix(phq9 ~ session + session2 | id, data = d, k = 3,
                 control = list(iter.max = 5000, tolerance = 1e-10, minprior = 0))
  )[["elapsed"]])
  values <- c(values, as.numeric(logLik(m)))
}
cat(sprintf(
  '{"package":"flexmix","version":"%s","r":"%s","call":"flexmix(phq9 ~ session + session2 | id, k = 3, control = list(iter.max = 5000, tolerance = 1e-10, minprior = 0))","logLikelihood":%.8f,"seconds":[%s]}\n',
  packageVersion("flexmix"), R.version.string, max(values), paste(sprintf("%.4f", seconds), collapse = ",")
))
