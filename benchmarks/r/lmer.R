# Times lme4 on a quadratic growth curve with random intercept and slope, the data being in memory already.
# Usage: Rscript lmer.R DATA.csv RUNS; prints one line of JSON.
suppressPackageStartupMessages(library(lme4))
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(arguments[1])
d$session2 <- d$session^2
seconds <- numeric(0)
for (run in seq_len(as.integer(arguments[2]))) {
  gc(FALSE)
  seconds <- c(seconds, system.time(
    m <- suppressMessages(lmer(phq9 ~ session + session2 + (1 + session | id), data = d, REML = FALSE))
  )[["elapsed"]])
}
cat(sprintf(
  '{"package":"lme4 %s","r":"%s","call":"lmer(phq9 ~ session + session2 + (1 + session | id), REML = FALSE)","persons":%d,"rows":%d,"logLikelihood":%.8f,"seconds":[%s]}\n',
  packageVersion("lme4"), R.version.string, length(unique(d$id)), nrow(d), as.numeric(logLik(m)),
  paste(sprintf("%.4f", seconds), collapse = ",")
))
