# Profile-likelihood intervals of lme4 (ML) and glmmTMB (ML and REML): writes profile-lme4.json.
# Run in test/reference: Rscript r/profile-lme4.R [model ...]; with names, the other models of the file stay as they are.
suppressMessages({library(lme4); library(glmmTMB); library(jsonlite)})

sim <- read.csv("sim600.csv"); sim$id <- factor(sim$id); sim$t <- sim$session; sim$y <- sim$phq9
sim$agec <- (sim$age - 38) / 10
flat <- read.csv("profile-boundary.csv"); flat$id <- factor(flat$id); flat$y <- flat$score; flat$t <- flat$time

control <- 'lmerControl(optimizer="bobyqa", optCtrl=list(rhoend=1e-9, maxfun=1e6))'
models <- list(
  list(name="RI", data="sim600", f="y~t+(1|id)", spec=list(fixed="1 + session", random="1")),
  list(name="RIRS", data="sim600", f="y~t+(1+t|id)", spec=list(fixed="1 + session", random="1 + session")),
  list(name="RIRS diagonal", data="sim600", f="y~t+(1|id)+(0+t|id)", tmb="y~t+diag(1+t|id)",
       spec=list(fixed="1 + session", random="1 + session", diagonal=TRUE)),
  list(name="RIRS covariates", data="sim600", f="y~t*(agec+female)+(1+t|id)",
       spec=list(fixed="1 + session * (agec + female)", random="1 + session")),
  list(name="RIRS quadratic", data="sim600", f="y~t+I(t^2)+(1+t|id)",
       spec=list(fixed="1 + session + session^2", random="1 + session")),
  list(name="RIRSRQ", data="sim600", f="y~t+I(t^2)+(1+t+I(t^2)|id)", slow=TRUE, coarse=TRUE,
       spec=list(fixed="1 + session + session^2", random="1 + session + session^2")),
  list(name="boundary", data="boundary", f="y~t+(1+t|id)", coarse=TRUE, spec=list(fixed="1 + time", random="1 + time")))

# lme4's names (.sd_, .cor_) to ours; glmmTMB's theta to sd and correlation.
lme4Names <- function(n) {
  n <- gsub("I\\(t\\^2\\)", "t^2", n)
  n <- sub("^sd_(.*)\\|id$", "sd(\\1)", n)
  n <- sub("^cor_(.*)\\.(.*)\\|id$", "cor(\\2,\\1)", n)
  sub("^sigma$", "residual sd", n)
}
user <- function(n, data) gsub("\\bt\\b", if (data == "sim600") "session" else "time", n)

wanted <- commandArgs(TRUE)
file <- "profile-lme4.json"
mine <- function(name) length(wanted) == 0 || sub(" (RE)?ML$", "", name) %in% wanted
out <- if (length(wanted)) Filter(function(entry) !mine(entry$name), fromJSON(file, simplifyVector=FALSE)) else list()
for (m in Filter(function(m) mine(m$name), models)) {
  d <- if (m$data == "sim600") sim else flat
  call <- sprintf("lmer(%s, data=d, REML=FALSE, control=%s)", m$f, control)
  fit <- eval(parse(text=call))
  # Finer points than the default (cutoff / 8), so that the splines between them do not matter.
  finer <- if (isTRUE(m$coarse)) "" else ", delta.cutoff=1/20, maxpts=400"
  profiling <- sprintf('profile(fit, which="theta_", signames=FALSE%s)', finer)
  if (!length(wanted) && m$name %in% c("RI", "RIRS")) cat(m$name, "default profile:", system.time(profile(fit, which="theta_"))[["elapsed"]], "s\n")
  prof <- try(eval(parse(text=profiling)), silent=TRUE)
  if (!inherits(prof, "try-error")) {
    ci <- suppressWarnings(confint(prof, level=0.95))
    out[[length(out) + 1]] <- list(name=m$name, package=paste("lme4", packageVersion("lme4")), call=call,
      interval=paste0("confint(", profiling, ", level=0.95)"), data=m$data, reml=FALSE, spec=m$spec,
      logLik=as.numeric(logLik(fit)),
      limits=setNames(lapply(seq_len(nrow(ci)), function(i) unname(ci[i, ])), user(lme4Names(rownames(ci)), m$data)))
  } else cat(m$name, "lme4:", prof)
  for (reml in c(FALSE, TRUE)) {
    if (isTRUE(m$slow) || m$data == "boundary") next
    f <- if (is.null(m$tmb)) m$f else m$tmb
    call <- sprintf("glmmTMB(%s, data=d, REML=%s)", f, reml)
    fit <- eval(parse(text=call))
    fixedNames <- names(fit$obj$par)
    pos <- which(fixedNames %in% c("betad", "betadisp", "theta"))
    lim <- list()
    q <- if (grepl("1\\+t", f)) 2 else 1
    k <- 0
    for (p in pos) {
      lincomb <- as.numeric(seq_along(fixedNames) == p)
      v <- unname(TMB::tmbroot(fit$obj, lincomb=lincomb, target=0.5 * qchisq(0.95, 1), sd.range=7))
      if (fixedNames[p] == "theta") {
        k <- k + 1
        label <- if (k == 1) "sd((Intercept))" else if (k == 2) "sd(t)" else "cor((Intercept),t)"
        lim[[label]] <- if (k <= 2) exp(v) else v / sqrt(1 + v^2)
      } else lim[["residual sd"]] <- exp(v * 0.5)  # betad is the log variance
    }
    names(lim) <- user(names(lim), m$data)
    out[[length(out) + 1]] <- list(name=paste(m$name, if (reml) "REML" else "ML"),
      package=paste("glmmTMB", packageVersion("glmmTMB")), call=call,
      interval="TMB::tmbroot(fit$obj, lincomb, target=qchisq(0.95, 1) / 2, sd.range=7); theta and betad carried to sd and correlation",
      data=m$data, reml=reml, spec=m$spec, logLik=as.numeric(logLik(fit)), limits=lim)
  }
  cat(m$name, "done\n")
  write(toJSON(out, digits=NA, auto_unbox=TRUE), file)
}
