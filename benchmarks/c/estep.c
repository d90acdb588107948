// One E-step pass of a growth mixture model with everything its gradient needs, as fast as one core does it: the limit
// that the engine's kernels are measured against. Compile with  cc -O3 -march=native -DCLASSES=4 estep.c -lm
//
// Model, person i in class k:  y_i = B_i mu_k + Z_i u_i + e,  u ~ N(0, D), e ~ N(0, s I), Z the first two of three columns
// of B; V = Z D Z' + s I. Data are b = B'y, B'B and y'y. With D = L L', T = s I + L'Z'Z L and M = L T^-1 L':
//   s V^-1 = I - Z M Z',   log|V| = (n - 2) log s + log|T|
//   P = s B'V^-1 B = B'B - B'Z M Z'B,   a = s B'V^-1 y = b - B'Z M z,   z = Z'y
//   log f_k = common + L_k,   s L_k = a'mu_k - mu_k'P mu_k / 2,   common = -(n log 2 pi + log|V| + (y'y - z'M z) / s) / 2
// With posteriors p_k and u_k = Z'V^-1 (y - B mu_k) = (a - P mu_k)_z / s the gradient is, summed over persons,
//   d beta_k = p_k (a - P mu_k) / s
//   d D      = (sum_k p_k u_k u_k' - P_zz / s) / 2
//   d s      = (Q - tr(D sum_k p_k u_k u_k') - n + tr(D P_zz) / s) / 2 s,  Q = sum_k p_k r_k'V^-1 r_k,  r_k'V^-1 r_k = (y'y - z'M z) / s - 2 L_k
// (the last from V V^-1 = I, which spares V^-2). Laird & Ware 1982; Verbeke & Lesaffre 1996.
//
// Input: doubles, see read_problem. Usage: estep FILE PASSES; prints one line of JSON.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef CLASSES
#define CLASSES 4
#endif
#define LANES 8
#define BLOCK 32 // vectors of people whose posteriors are held at once
typedef double vec __attribute__((vector_size(8 * LANES)));
typedef int64_t ivec __attribute__((vector_size(8 * LANES)));
#define ALL(x) ((vec){0} + (x))

static struct {
  long persons, patterns;
  double mu[CLASSES][3], d[2][2], s, log_prior[CLASSES];
  const double *start, *sessions, *btb, *yy, *by;
} in;

// What a pass gives; the same sums that the engine calls an evaluation.
static struct {
  double log_likelihood, beta[CLASSES][3], d[2][2], s, weight[CLASSES];
} out;

static double factor[2][2]; // L

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) exit(3);
  return memset(memory, 0, (bytes + 63) / 64 * 64);
}

static void read_problem(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(2); }
  fseek(file, 0, SEEK_END);
  size_t size = ftell(file);
  rewind(file);
  double *x = allocate(size);
  if (fread(x, 1, size, file) != size) exit(2);
  fclose(file);
  in.persons = *x++;
  in.patterns = *x++;
  if (*x++ != CLASSES) { fprintf(stderr, "compiled for %d classes\n", CLASSES); exit(2); }
  memcpy(in.mu, x, sizeof in.mu), x += 3 * CLASSES;
  memcpy(in.d, x, sizeof in.d), x += 4;
  in.s = *x++;
  memcpy(in.log_prior, x, sizeof in.log_prior), x += CLASSES;
  in.start = x, x += in.patterns + 1;
  in.sessions = x, x += in.patterns;
  in.btb = x, x += 9 * in.patterns;
  in.yy = x, x += in.persons;
  in.by = x;
  factor[0][0] = sqrt(in.d[0][0]);
  factor[1][0] = factor[0][0] > 0 ? in.d[1][0] / factor[0][0] : 0;
  factor[1][1] = sqrt(fmax(0, in.d[1][1] - factor[1][0] * factor[1][0]));
}

// ---- vectors ----

static inline vec choose(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }
static inline vec larger(vec x, vec y) { return choose(x > y, x, y); }

// exp(x) for x below 709; what is below -700 counts as that. Cody & Waite reduction, Taylor polynomial of degree 12.
static inline vec vexp(vec x) {
  x = larger(x, ALL(-700.0));
  const double magic = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to a whole number
  vec t = x * 1.4426950408889634 + magic;
  vec n = t - magic;
  vec r = x - n * 6.93147180369123816490e-01 - n * 1.90821492927058770002e-10;
  vec r2 = r * r, r4 = r2 * r2;
  vec low = (1.0 + r) + r2 * (1.0 / 2 + r * (1.0 / 6));
  vec middle = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040));
  vec high = (1.0 / 40320 + r * (1.0 / 362880)) + r2 * (1.0 / 3628800 + r * (1.0 / 39916800) + r2 * (1.0 / 479001600));
  vec p = low + r4 * (middle + r4 * high);
  return (vec)((ivec)p + ((ivec)t << 52));
}

// A product of many numbers as mantissa and exponent, so that one logarithm does for all.
typedef struct { vec mantissa; ivec exponent; } product;
static const product ONE = {{1, 1, 1, 1, 1, 1, 1, 1}, {0}};
static inline void multiply(product *p, vec x) {
  ivec bits = (ivec)(p->mantissa * x);
  p->exponent += (bits >> 52) - 1023;
  p->mantissa = (vec)((bits & 0x000fffffffffffffLL) | 0x3ff0000000000000LL);
}
static double log_of(const product *p) {
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += log(p->mantissa[l]) + p->exponent[l] * M_LN2;
  return sum;
}

static inline double total(vec x) {
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += x[l];
  return sum;
}
static inline ivec lanes_before(long n) {
  ivec lane;
  for (int l = 0; l < LANES; l++) lane[l] = l < n ? -1 : 0;
  return lane;
}

// Log ratios to class 0 in p[1..] become posteriors; the sums are multiplied into `sums`. Class 0 is the reference without
// a search for the largest ratio; returns what shows that one was too large for that.
static inline vec posteriors(vec p[CLASSES], ivec used, product *sums) {
  vec largest = ALL(0.0), sum = ALL(1.0);
  for (int k = 1; k < CLASSES; k++) {
    largest = larger(largest, p[k]);
    p[k] = vexp(p[k]);
    sum += p[k];
  }
  vec inverse = 1.0 / sum;
  p[0] = inverse;
  for (int k = 1; k < CLASSES; k++) p[k] *= inverse;
  multiply(sums, choose(used, sum, ALL(1.0)));
  return largest;
}

// The same where ratios are beyond what exp can hold: the largest is found first. Returns the sum of what was subtracted.
static double careful_posteriors(vec p[CLASSES], ivec used, product *sums) {
  vec largest = ALL(0.0), sum;
  p[0] = ALL(0.0);
  for (int k = 1; k < CLASSES; k++) largest = larger(largest, p[k]);
  sum = ALL(0.0);
  for (int k = 0; k < CLASSES; k++) sum += p[k] = vexp(p[k] - largest);
  for (int k = 0; k < CLASSES; k++) p[k] /= sum;
  multiply(sums, choose(used, sum, ALL(1.0)));
  return total(choose(used, largest, ALL(0.0)));
}
static int too_large(vec largest) {
  for (int l = 0; l < LANES; l++) if (!(largest[l] < 300)) return 1;
  return 0;
}

// ---- regular sessions: many people share B'B, so its algebra is done once for each pattern ----

typedef struct { double p[3][3], m[2][2], map[3][2], log_det_t; } algebra; // P, M, B'Z M, log|T|

static void pattern_algebra(const double *btb, algebra *x) {
  double zl[2][2], t[2][2];
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) zl[a][b] = btb[a * 3] * factor[0][b] + btb[a * 3 + 1] * factor[1][b];
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) t[a][b] = factor[0][a] * zl[0][b] + factor[1][a] * zl[1][b] + (a == b ? in.s : 0);
  double det = t[0][0] * t[1][1] - t[0][1] * t[1][0];
  double i[2][2] = {{t[1][1] / det, -t[0][1] / det}, {-t[1][0] / det, t[0][0] / det}};
  x->log_det_t = log(det);
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      x->m[a][b] = 0;
      for (int c = 0; c < 2; c++)
        for (int d = 0; d < 2; d++) x->m[a][b] += factor[a][c] * i[c][d] * factor[b][d];
    }
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 2; b++) x->map[a][b] = btb[a * 3] * x->m[0][b] + btb[a * 3 + 1] * x->m[1][b];
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++) x->p[a][b] = btb[a * 3 + b] - x->map[a][0] * btb[b] - x->map[a][1] * btb[3 + b];
}

static struct {
  vec *by[3];         // B'y, people of a pattern together, each pattern beginning a new vector
  long *first;        // first vector of each pattern
  double *yy, *zz, *sum; // per pattern: sums of y'y, of z z' (4), of B'y (3): no parameter changes them
} regular;

static void prepare_regular(void) {
  regular.first = allocate((in.patterns + 1) * sizeof(long));
  long vectors = 0;
  for (long g = 0; g < in.patterns; g++) {
    regular.first[g] = vectors;
    vectors += ((long)(in.start[g + 1] - in.start[g]) + LANES - 1) / LANES;
  }
  regular.first[in.patterns] = vectors;
  for (int a = 0; a < 3; a++) regular.by[a] = allocate(vectors * sizeof(vec));
  regular.yy = allocate(in.patterns * sizeof(double));
  regular.zz = allocate(in.patterns * 4 * sizeof(double));
  regular.sum = allocate(in.patterns * 3 * sizeof(double));
  for (long g = 0; g < in.patterns; g++)
    for (long i = in.start[g], at = 0; i < in.start[g + 1]; i++, at++) {
      const double *b = in.by + 3 * i;
      for (int a = 0; a < 3; a++) {
        ((double *)(regular.by[a] + regular.first[g]))[at] = b[a];
        regular.sum[3 * g + a] += b[a];
      }
      regular.yy[g] += in.yy[i];
      for (int a = 0; a < 4; a++) regular.zz[4 * g + a] += b[a / 2] * b[a % 2];
    }
}

// Linear log ratios to class 0 of one vector of people.
static inline void linear_ratios(vec p[CLASSES], long at, double offset[CLASSES], double slope[CLASSES][3]) {
  for (int k = 1; k < CLASSES; k++)
    p[k] = ((regular.by[0][at] * slope[k][0] + offset[k]) + regular.by[1][at] * slope[k][1]) + regular.by[2][at] * slope[k][2];
}

// From the sums of a pattern, P_k of posteriors and F_k of posterior-weighted B'y, to the gradient.
static void fold_pattern(long g, const algebra *x, const double weight[CLASSES], double f[CLASSES][3]) {
  double n = in.start[g + 1] - in.start[g], uu[2][2] = {{0}}, linear = 0;
  const double *zz = regular.zz + 4 * g;
  double w[2][2]; // z -> a_z
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) w[a][b] = (a == b) - x->map[a][b];
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++)
      for (int c = 0; c < 2; c++)
        for (int e = 0; e < 2; e++) uu[a][b] += w[a][c] * zz[2 * c + e] * w[b][e];
  for (int k = 0; k < CLASSES; k++) {
    double fa[3], pmu[3];
    for (int a = 0; a < 3; a++) {
      fa[a] = f[k][a] - x->map[a][0] * f[k][0] - x->map[a][1] * f[k][1];
      pmu[a] = x->p[a][0] * in.mu[k][0] + x->p[a][1] * in.mu[k][1] + x->p[a][2] * in.mu[k][2];
    }
    for (int a = 0; a < 3; a++) {
      out.beta[k][a] += (fa[a] - weight[k] * pmu[a]) / in.s;
      linear += in.mu[k][a] * (fa[a] - weight[k] * pmu[a] / 2) / in.s;
    }
    for (int a = 0; a < 2; a++)
      for (int b = 0; b < 2; b++) uu[a][b] += weight[k] * pmu[a] * pmu[b] - fa[a] * pmu[b] - pmu[a] * fa[b];
    out.weight[k] += weight[k];
  }
  double quadratic = regular.yy[g], trace_uu = 0, trace_p = 0;
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      double u = uu[a][b] / in.s / in.s, p = n * x->p[a][b] / in.s;
      quadratic -= x->m[a][b] * zz[2 * a + b];
      out.d[a][b] += (u - p) / 2;
      trace_uu += in.d[a][b] * u;
      trace_p += in.d[a][b] * p;
    }
  quadratic /= in.s;
  double observations = n * in.sessions[g];
  out.s += (quadratic - 2 * linear - trace_uu - observations + trace_p) / 2 / in.s;
  double constant = in.sessions[g] * log(2 * M_PI) + (in.sessions[g] - 2) * log(in.s) + x->log_det_t;
  out.log_likelihood -= (n * constant + quadratic) / 2;
}

static void pass_regular(void) {
  vec p[BLOCK][CLASSES];
  for (long g = 0; g < in.patterns; g++) {
    algebra x;
    double offset[CLASSES], slope[CLASSES][3], weight[CLASSES] = {0}, f[CLASSES][3] = {{0}};
    double n = in.start[g + 1] - in.start[g];
    pattern_algebra(in.btb + 9 * g, &x);
    for (int k = 0; k < CLASSES; k++) {
      double mz[2] = {0}, pmu[3];
      offset[k] = in.log_prior[k];
      for (int a = 0; a < 3; a++) {
        pmu[a] = x.p[a][0] * in.mu[k][0] + x.p[a][1] * in.mu[k][1] + x.p[a][2] * in.mu[k][2];
        offset[k] -= in.mu[k][a] * pmu[a] / 2 / in.s;
        for (int b = 0; b < 2; b++) mz[b] += x.map[a][b] * in.mu[k][a];
      }
      for (int a = 0; a < 3; a++) slope[k][a] = (in.mu[k][a] - (a < 2 ? mz[a] : 0)) / in.s;
    }
    out.log_likelihood += n * offset[0];
    for (int a = 0; a < 3; a++) out.log_likelihood += slope[0][a] * regular.sum[3 * g + a];
    for (int k = CLASSES - 1; k >= 0; k--) {
      offset[k] -= offset[0];
      for (int a = 0; a < 3; a++) slope[k][a] -= slope[0][a];
    }
    product sums = ONE;
    vec vw[CLASSES] = {{0}}, vf[CLASSES][3] = {{{0}}};
    for (long from = regular.first[g]; from < regular.first[g + 1]; from += BLOCK) {
      long count = regular.first[g + 1] - from < BLOCK ? regular.first[g + 1] - from : BLOCK;
      long people = (long)n - (from - regular.first[g]) * LANES;
      ivec last = lanes_before(people - (count - 1) * LANES), all = lanes_before(LANES);
      product before = sums;
      vec largest = ALL(0.0);
      for (long v = 0; v < count; v++) {
        linear_ratios(p[v], from + v, offset, slope);
        largest = larger(largest, posteriors(p[v], v == count - 1 ? last : all, &sums));
      }
      if (too_large(largest)) {
        sums = before;
        for (long v = 0; v < count; v++) {
          linear_ratios(p[v], from + v, offset, slope);
          out.log_likelihood += careful_posteriors(p[v], v == count - 1 ? last : all, &sums);
        }
      }
      for (int k = 1; k < CLASSES; k++) p[count - 1][k] = choose(last, p[count - 1][k], ALL(0.0));
      for (int k = 1; k < CLASSES; k++) {
        vec w = vw[k], f0 = vf[k][0], f1 = vf[k][1], f2 = vf[k][2];
        for (long v = 0; v < count; v++) {
          vec q = p[v][k];
          w += q;
          f0 += q * regular.by[0][from + v];
          f1 += q * regular.by[1][from + v];
          f2 += q * regular.by[2][from + v];
        }
        vw[k] = w, vf[k][0] = f0, vf[k][1] = f1, vf[k][2] = f2;
      }
    }
    out.log_likelihood += log_of(&sums);
    // Class 0 has what the others leave.
    weight[0] = n;
    for (int a = 0; a < 3; a++) f[0][a] = regular.sum[3 * g + a];
    for (int k = 1; k < CLASSES; k++) {
      weight[0] -= weight[k] = total(vw[k]);
      for (int a = 0; a < 3; a++) f[0][a] -= f[k][a] = total(vf[k][a]);
    }
    fold_pattern(g, &x, weight, f);
  }
}

// ---- irregular times: everybody has a B'B of their own ----

static const int ROW[6] = {0, 0, 0, 1, 1, 2}, COLUMN[6] = {0, 1, 2, 1, 2, 2};
static struct {
  long vectors;
  vec *by[3], *btb[6];  // lanes without a person hold zeros
  double yy, observations;
} irregular;

static void prepare_irregular(void) {
  irregular.vectors = (in.persons + LANES - 1) / LANES;
  for (int a = 0; a < 3; a++) irregular.by[a] = allocate(irregular.vectors * sizeof(vec));
  for (int a = 0; a < 6; a++) irregular.btb[a] = allocate(irregular.vectors * sizeof(vec));
  for (long g = 0; g < in.patterns; g++)
    for (long i = in.start[g]; i < in.start[g + 1]; i++) {
      for (int a = 0; a < 3; a++) ((double *)irregular.by[a])[i] = in.by[3 * i + a];
      for (int a = 0; a < 6; a++) ((double *)irregular.btb[a])[i] = in.btb[9 * g + 3 * ROW[a] + COLUMN[a]];
      irregular.yy += in.yy[i];
      irregular.observations += in.sessions[g];
    }
}

static struct { vec a[BLOCK][3], p[BLOCK][6]; } held; // a and P of a block

// a, P and the quadratic part of one vector of people; log|T| into a product. Symmetric matrices as 00 01 02 11 12 22.
static inline void person_algebra(long at, long v, ivec used, product *dets, vec *zmz) {
  vec b0 = irregular.by[0][at], b1 = irregular.by[1][at], b2 = irregular.by[2][at];
  vec s00 = irregular.btb[0][at], s01 = irregular.btb[1][at], s02 = irregular.btb[2][at];
  vec s11 = irregular.btb[3][at], s12 = irregular.btb[4][at], s22 = irregular.btb[5][at];
  double l00 = factor[0][0], l10 = factor[1][0], l11 = factor[1][1];
  vec r0 = s00 * l00 + s01 * l10, r1 = s01 * l00 + s11 * l10;
  vec t00 = l00 * r0 + l10 * r1 + in.s, t01 = l11 * r1, t11 = l11 * l11 * s11 + in.s;
  vec det = t00 * t11 - t01 * t01, inverse = 1.0 / det;
  multiply(dets, choose(used, det, ALL(1.0)));
  vec i00 = t11 * inverse, i01 = -t01 * inverse, i11 = t00 * inverse;
  vec q0 = l10 * i00 + l11 * i01, q1 = l10 * i01 + l11 * i11;
  vec m00 = l00 * l00 * i00, m01 = l00 * q0, m11 = l10 * q0 + l11 * q1;
  vec g0 = m00 * b0 + m01 * b1, g1 = m01 * b0 + m11 * b1;
  *zmz += b0 * g0 + b1 * g1;
  held.a[v][0] = b0 - s00 * g0 - s01 * g1;
  held.a[v][1] = b1 - s01 * g0 - s11 * g1;
  held.a[v][2] = b2 - s02 * g0 - s12 * g1;
  vec h00 = m00 * s00 + m01 * s01, h01 = m00 * s01 + m01 * s11, h02 = m00 * s02 + m01 * s12;
  vec h10 = m01 * s00 + m11 * s01, h11 = m01 * s01 + m11 * s11, h12 = m01 * s02 + m11 * s12;
  held.p[v][0] = s00 - s00 * h00 - s01 * h10;
  held.p[v][1] = s01 - s00 * h01 - s01 * h11;
  held.p[v][2] = s02 - s00 * h02 - s01 * h12;
  held.p[v][3] = s11 - s01 * h01 - s11 * h11;
  held.p[v][4] = s12 - s01 * h02 - s11 * h12;
  held.p[v][5] = s22 - s02 * h02 - s12 * h12;
}

// L_k plus the log prior, of the people of one vector of the block.
static inline void log_densities(vec l[CLASSES], long v, double quadratic[CLASSES][6]) {
  for (int k = 0; k < CLASSES; k++) {
    vec x = ALL(in.log_prior[k]);
    for (int a = 0; a < 3; a++) x += held.a[v][a] * (in.mu[k][a] / in.s);
    for (int a = 0; a < 6; a++) x += held.p[v][a] * quadratic[k][a];
    l[k] = x;
  }
}

static void pass_irregular(void) {
  vec p[BLOCK][CLASSES], l[CLASSES];
  double quadratic[CLASSES][6];
  for (int k = 0; k < CLASSES; k++)
    for (int a = 0; a < 6; a++)
      quadratic[k][a] = -(ROW[a] == COLUMN[a] ? 0.5 : 1.0) * in.mu[k][ROW[a]] * in.mu[k][COLUMN[a]] / in.s;
  product sums = ONE, dets = ONE;
  vec zmz = {0}, reference = {0}, linear = {0}, uu[3] = {{0}}, pzz[3] = {{0}}, vw[CLASSES] = {{0}}, vb[CLASSES][3] = {{{0}}};
  double subtracted = 0;
  ivec all = lanes_before(LANES), end = lanes_before(in.persons - (irregular.vectors - 1) * LANES);
  for (long from = 0; from < irregular.vectors; from += BLOCK) {
    long count = irregular.vectors - from < BLOCK ? irregular.vectors - from : BLOCK;
    ivec last = from + count == irregular.vectors ? end : all;
    product before = sums;
    vec largest = ALL(0.0);
    for (long v = 0; v < count; v++) {
      ivec used = v == count - 1 ? last : all;
      person_algebra(from + v, v, used, &dets, &zmz);
      log_densities(l, v, quadratic);
      for (int k = 1; k < CLASSES; k++) p[v][k] = l[k] - l[0];
      largest = larger(largest, posteriors(p[v], used, &sums));
      reference += choose(used, l[0], ALL(0.0));
    }
    if (too_large(largest)) {
      sums = before;
      for (long v = 0; v < count; v++) {
        log_densities(l, v, quadratic);
        for (int k = 1; k < CLASSES; k++) p[v][k] = l[k] - l[0];
        subtracted += careful_posteriors(p[v], v == count - 1 ? last : all, &sums);
      }
    }
    for (int k = 0; k < CLASSES; k++) p[count - 1][k] = choose(last, p[count - 1][k], ALL(0.0));
    for (int k = 0; k < CLASSES; k++) {
      double m0 = in.mu[k][0], m1 = in.mu[k][1], m2 = in.mu[k][2];
      vec w = vw[k], f0 = vb[k][0], f1 = vb[k][1], f2 = vb[k][2], uu0 = uu[0], uu1 = uu[1], uu2 = uu[2], line = linear;
      for (long v = 0; v < count; v++) {
        vec q = p[v][k], a0 = held.a[v][0], a1 = held.a[v][1], a2 = held.a[v][2];
        vec u0 = a0 - held.p[v][0] * m0 - held.p[v][1] * m1 - held.p[v][2] * m2;
        vec u1 = a1 - held.p[v][1] * m0 - held.p[v][3] * m1 - held.p[v][4] * m2;
        vec u2 = a2 - held.p[v][2] * m0 - held.p[v][4] * m1 - held.p[v][5] * m2;
        vec qu0 = q * u0, qu1 = q * u1;
        w += q;
        f0 += qu0, f1 += qu1, f2 += q * u2;
        uu0 += qu0 * u0, uu1 += qu0 * u1, uu2 += qu1 * u1;
        line += q * ((a0 + u0) * m0 + (a1 + u1) * m1 + (a2 + u2) * m2); // a'mu - mu'P mu / 2, twice
      }
      vw[k] = w, vb[k][0] = f0, vb[k][1] = f1, vb[k][2] = f2, uu[0] = uu0, uu[1] = uu1, uu[2] = uu2, linear = line;
    }
    for (long v = 0; v < count; v++) pzz[0] += held.p[v][0], pzz[1] += held.p[v][1], pzz[2] += held.p[v][3];
  }
  double s = in.s, n = in.persons;
  double u[2][2] = {{total(uu[0]), total(uu[1])}, {total(uu[1]), total(uu[2])}};
  double z[2][2] = {{total(pzz[0]), total(pzz[1])}, {total(pzz[1]), total(pzz[2])}};
  double trace_uu = 0, trace_p = 0, common = (irregular.yy - total(zmz)) / s;
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      out.d[a][b] = (u[a][b] / s / s - z[a][b] / s) / 2;
      trace_uu += in.d[a][b] * u[a][b] / s / s;
      trace_p += in.d[a][b] * z[a][b] / s;
    }
  for (int k = 0; k < CLASSES; k++) {
    out.weight[k] = total(vw[k]);
    for (int a = 0; a < 3; a++) out.beta[k][a] = total(vb[k][a]) / s;
  }
  out.s = (common - total(linear) / s - trace_uu - irregular.observations + trace_p) / 2 / s;
  double log_det_v = (irregular.observations - 2 * n) * log(s) + log_of(&dets);
  out.log_likelihood = total(reference) + subtracted + log_of(&sums) - (irregular.observations * log(2 * M_PI) + log_det_v + common) / 2;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: estep FILE PASSES\n"); return 2; }
  read_problem(argv[1]);
  int is_regular = in.persons >= 64 * in.patterns, passes = atoi(argv[2]);
  if (is_regular) prepare_regular(); else prepare_irregular();
  double *taken = allocate(passes * sizeof(double));
  for (int pass = -3; pass < passes; pass++) {
    double begin = seconds();
    memset(&out, 0, sizeof out);
    if (is_regular) pass_regular(); else pass_irregular();
    if (pass >= 0) taken[pass] = seconds() - begin;
  }
  printf("{\"compiler\":\"%s\",\"way\":\"%s\",\"logLikelihood\":%.17g,\"gradientBeta\":[", __VERSION__,
         is_regular ? "regular" : "irregular", out.log_likelihood);
  for (int k = 0; k < 3 * CLASSES; k++) printf("%s%.17g", k ? "," : "", out.beta[k / 3][k % 3]);
  printf("],\"gradientD\":[%.17g,%.17g,%.17g,%.17g],\"gradientResidual\":%.17g,\"weight\":[", out.d[0][0], out.d[0][1],
         out.d[1][0], out.d[1][1], out.s);
  for (int k = 0; k < CLASSES; k++) printf("%s%.17g", k ? "," : "", out.weight[k]);
  printf("],\"seconds\":[");
  for (int pass = 0; pass < passes; pass++) printf("%s%.9f", pass ? "," : "", taken[pass]);
  printf("]}\n");
  return 0;
}
