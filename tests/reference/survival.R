# Reference results of R's survival (and etm for the Aalen-Johansen variance); see README.md of this folder.
suppressMessages({library(survival); library(etm)})
d <- read.csv("survival_data.csv")
d$any <- as.integer(d$cause > 0)
d$first <- as.integer(d$cause == 1)
d$state <- factor(d$cause, 0:3, c("censored", "c1", "c2", "c3"))
tight <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 50)

save <- function(frame, name) {
  for (column in names(frame)) if (is.double(frame[[column]]))
    frame[[column]] <- ifelse(is.na(frame[[column]]), "", trimws(formatC(frame[[column]], digits = 17, format = "g")))
  write.csv(frame, name, row.names = FALSE, quote = FALSE)
}

# ---- Cox, Efron ties
models <- list(
  entry = coxph(Surv(entry, exit, first) ~ x1 + x2 + x3, d, ties = "efron", control = tight),
  strata = coxph(Surv(entry, exit, first) ~ x1 + x2 + x3 + strata(stratum), d, ties = "efron",
                 cluster = team, control = tight),
  plain = coxph(Surv(exit, any) ~ x1 + x2, d, ties = "efron", cluster = person, control = tight))
cox <- do.call(rbind, lapply(names(models), function(m) {
  fit <- models[[m]]
  naive <- sqrt(diag(if (is.null(fit$naive.var)) fit$var else fit$naive.var))
  robust <- if (is.null(fit$naive.var)) NA_real_ else sqrt(diag(fit$var))
  data.frame(model = m, term = names(coef(fit)), coef = coef(fit), se = naive, robust_se = robust,
             loglik = fit$loglik[2])
}))
save(cox, "survival_cox.csv")

# ---- Breslow baseline at Efron's coefficients (covariates at 0)
at <- coxph(Surv(entry, exit, first) ~ x1 + x2 + x3 + strata(stratum), d, ties = "breslow",
            init = coef(models$strata), control = coxph.control(iter.max = 0))
base <- basehaz(at, centered = FALSE)
save(data.frame(stratum = as.integer(sub("stratum=", "", base$strata)), time = base$time,
                cumulative_hazard = base$hazard), "survival_baseline.csv")

# ---- proportional hazards: the score test of today's cox.zph, and the statistic of Grambsch and Therneau
# (1994) from R's own Schoenfeld residuals
zph <- do.call(rbind, lapply(c("entry", "strata"), function(m) {
  fit <- models[[m]]
  naive <- if (is.null(fit$naive.var)) fit$var else fit$naive.var
  residual <- residuals(fit, "schoenfeld")
  time <- as.numeric(rownames(residual))
  if (m == "strata") time <- as.numeric(unlist(lapply(split(d, d$stratum), function(s)
    sort(s$exit[s$first == 1]))))
  g <- rank(time) - mean(rank(time))
  n <- nrow(residual)
  trend <- n * naive %*% (t(residual) %*% g)
  chisq <- trend^2 / (n * diag(naive) * sum(g^2))
  score <- cox.zph(fit, transform = "rank", global = FALSE)$table
  data.frame(model = m, term = names(coef(fit)), p_1994 = pchisq(as.numeric(chisq), 1, lower = FALSE),
             p_score = score[, "p"])
}))
save(zph, "survival_zph.csv")

# ---- Kaplan-Meier
curve <- function(name, fit, robust) {
  with(summary(fit, times = sort(unique(d$exit[d$any == 1 & d$exit > if (name == "from_3") 3 else 0]))),
       data.frame(curve = name, time = time, survival = surv, se = std.err,
                  cluster_se = if (is.null(robust)) NA_real_ else summary(robust, times = time)$std.err))
}
fits <- list(
  entry = survfit(Surv(entry, exit, any) ~ 1, d),
  no_entry = survfit(Surv(exit, any) ~ 1, d),
  weighted = survfit(Surv(entry, exit, any) ~ 1, d, weights = weight, robust = FALSE),
  from_3 = survfit(Surv(pmax(entry, 3), exit, any) ~ 1, subset(d, exit > 3)))
robust <- list(
  entry = survfit(Surv(entry, exit, any) ~ 1, d, cluster = team),
  no_entry = survfit(Surv(exit, any) ~ 1, d, cluster = person),
  weighted = NULL,
  from_3 = survfit(Surv(pmax(entry, 3), exit, any) ~ 1, subset(d, exit > 3), cluster = person))
save(do.call(rbind, lapply(names(fits), function(n) curve(n, fits[[n]], robust[[n]]))), "survival_km.csv")

# ---- restricted mean to 18 months; clustered: the integral of the influence of each team
mean18 <- function(fit) summary(fit, rmean = 18)$table[c("rmean", "se(rmean)")]
clustered18 <- function(fit) {
  inside <- fit$time <= 18
  area <- fit$influence.surv[, inside] %*% diff(c(fit$time[inside], 18))
  sqrt(sum(area^2))
}
whole <- mean18(fits$entry)
late <- mean18(fits$from_3)
save(data.frame(curve = c("entry", "from_3"), mean = c(whole[1], late[1]), se = c(whole[2], late[2]),
  cluster_se = c(
    clustered18(survfit(Surv(entry, exit, any) ~ 1, d, cluster = team, influence = 1)),
    clustered18(survfit(Surv(pmax(entry, 3), exit, any) ~ 1, subset(d, exit > 3), cluster = person,
                        influence = 1)))),
  "survival_restricted_mean.csv")

# ---- Aalen-Johansen
times <- sort(unique(d$exit[d$any == 1]))
by_row <- summary(survfit(Surv(entry, exit, state) ~ 1, d, id = row), times = times)
# with an id, survfit of this version takes no notice of a cluster: influences are added up by team here
multi <- survfit(Surv(entry, exit, state) ~ 1, d, id = row, influence = TRUE)
team_se <- sapply(1:3, function(k) sqrt(colSums(rowsum(multi$influence.pstate[, -1, k + 1], d$team)^2)))
team_se <- team_se[findInterval(times, multi$time), ]
copies <- summary(survfit(Surv(entry, exit, state) ~ 1, d, id = row, weights = weight), times = times)
green <- etmCIF(Surv(entry, exit, cause != 0) ~ 1, d, etype = cause, failcode = 1:3)
green <- summary(green[[1]])
aj <- do.call(rbind, lapply(1:3, function(k) {
  g <- green[[paste0("0 ", k)]]
  data.frame(cause = k, time = times, incidence = by_row$pstate[, k + 1],
             weighted = copies$pstate[, k + 1], row_se = by_row$std.err[, k + 1],
             team_se = team_se[, k],
             greenwood_se = sqrt(g$var[findInterval(times, g$time)]))
}))
save(aj, "survival_aalen_johansen.csv")

cat(sprintf("%s, survival %s, etm %s\n", R.version.string, packageVersion("survival"), packageVersion("etm")),
    file = "survival_version.txt")
