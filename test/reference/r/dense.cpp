// Log-likelihood of a trajectory model, person by person, with the whole covariance matrix written out:
//   y | class k ~ Normal(X beta_k, Z D Z' + V),  V_ij = sd_k(i) sd_k(j) phi^|t_i - t_j|
// Nothing is compressed or solved in closed form, so that it can check software that does both.
#include <TMB.hpp>

template <class Type>
Type objective_function<Type>::operator()() {
  DATA_VECTOR(y);
  DATA_MATRIX(X);
  DATA_MATRIX(Z);
  DATA_IVECTOR(first);     // row at which a person begins
  DATA_IVECTOR(count);     // rows of a person
  DATA_IVECTOR(occasion);  // group of residual variance of a row, from 0
  DATA_VECTOR(position);   // time that autocorrelation counts in
  DATA_INTEGER(correlation);  // 0 none, 1 AR(1) on whole steps, 2 continuous-time AR(1)
  DATA_IVECTOR(latentX);      // 1: this column of X is times the loading
  DATA_IVECTOR(latentZ);
  DATA_IVECTOR(step);      // occasion of a row on the latent basis, from 0
  DATA_INTEGER(reml);
  PARAMETER_MATRIX(beta);       // p x K
  PARAMETER_VECTOR(chol);       // rows of the lower triangle of L, D = L L'
  PARAMETER_MATRIX(log_sd);     // groups x K (map makes classes equal)
  PARAMETER(phi_free);          // phi = tanh(phi_free) for AR(1), 1 / (1 + exp(-phi_free)) in continuous time
  PARAMETER_VECTOR(logits);     // K - 1, against the last class
  PARAMETER_VECTOR(loading);    // free loadings, without the first (0) and the last (1)

  int K = beta.cols(), p = X.cols(), q = Z.cols(), n_people = first.size();
  Type phi = correlation == 2 ? invlogit(phi_free) : tanh(phi_free);
  matrix<Type> L(q, q);
  L.setZero();
  for (int i = 0, at = 0; i < q; i++)
    for (int j = 0; j <= i; j++) L(i, j) = chol(at++);
  matrix<Type> D = L * L.transpose();
  vector<Type> log_prior(K);
  Type total = 1;
  for (int k = 0; k < K - 1; k++) total += exp(logits(k));
  for (int k = 0; k < K; k++) log_prior(k) = (k < K - 1 ? logits(k) : Type(0)) - log(total);

  matrix<Type> XVX(p, p);
  XVX.setZero();
  Type log_lik = 0;
  for (int person = 0; person < n_people; person++) {
    int n = count(person), from = first(person);
    matrix<Type> x(n, p), z(n, q);
    for (int i = 0; i < n; i++) {
      int s = step(from + i);
      Type load = s == 0 ? Type(0) : s > loading.size() ? Type(1) : loading(s - 1);
      for (int j = 0; j < p; j++) x(i, j) = X(from + i, j) * (latentX(j) ? load : Type(1));
      for (int j = 0; j < q; j++) z(i, j) = Z(from + i, j) * (latentZ(j) ? load : Type(1));
    }
    matrix<Type> zl = z * L;
    vector<Type> density(K);
    for (int k = 0; k < K; k++) {
      matrix<Type> V = zl * zl.transpose();
      for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
          Type r = exp(log_sd(occasion(from + i), k) + log_sd(occasion(from + j), k));
          double lag = fabs(asDouble(position(from + i)) - asDouble(position(from + j)));
          if (i != j) {
            if (correlation == 0) r = 0;
            if (correlation == 1) {
              int whole = (int)(lag + 0.5);
              for (int m = 0; m < whole; m++) r *= phi;
            }
            if (correlation == 2) r *= exp(lag * log(phi));
          }
          V(i, j) += r;
        }
      matrix<Type> C(n, n);  // Cholesky factor of V
      C.setZero();
      Type log_det = 0;
      for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
          Type sum = V(i, j);
          for (int m = 0; m < j; m++) sum -= C(i, m) * C(j, m);
          if (i == j) {
            C(i, i) = sqrt(sum);
            log_det += log(sum);
          } else C(i, j) = sum / C(j, j);
        }
      int columns = reml ? p + 1 : 1;  // residual, then the columns of X, solved against C
      matrix<Type> W(n, columns);
      for (int c = 0; c < columns; c++)
        for (int i = 0; i < n; i++) {
          Type value = 0;
          if (c == 0) {
            value = y(from + i);
            for (int j = 0; j < p; j++) value -= x(i, j) * beta(j, k);
          } else value = x(i, c - 1);
          for (int m = 0; m < i; m++) value -= C(i, m) * W(m, c);
          W(i, c) = value / C(i, i);
        }
      Type square = 0;
      for (int i = 0; i < n; i++) square += W(i, 0) * W(i, 0);
      density(k) = log_prior(k) - 0.5 * (Type(n) * log(2 * M_PI) + log_det + square);
      if (reml)
        for (int a = 0; a < p; a++)
          for (int b = 0; b < p; b++)
            for (int i = 0; i < n; i++) XVX(a, b) += W(i, a + 1) * W(i, b + 1);
    }
    Type sum = density(0);
    for (int k = 1; k < K; k++) sum = logspace_add(sum, density(k));
    log_lik += sum;
  }
  if (reml) log_lik += 0.5 * Type(p) * log(2 * M_PI) - 0.5 * atomic::logdet(XVX);

  matrix<Type> sd = exp(log_sd.array()).matrix();
  ADREPORT(beta);
  ADREPORT(D);
  ADREPORT(sd);
  ADREPORT(phi);
  ADREPORT(logits);
  ADREPORT(loading);
  return -log_lik;
}
