#include "config.h"

#include "analysis/estimate.h"

#include <math.h>

#include "model/snapshot.h"

/*
 * The estimator
 * =============
 * With sampling interval T, a block of s bytes is taken with probability p = 1 - exp(-s/T),
 * independently of all others.  A taken block stands for w = s/p bytes and 1/p objects, so sums of
 * w over samples are unbiased for any mix of sizes.  A sum b of them has the variance
 * sum s^2 (1-p)/p over all blocks, of which v = sum w^2 (1-p) over the samples is an unbiased
 * estimate.  Cells carry b and v; they add up as long as blocks are taken independently.
 *
 * Duty.  To cost less, the hooks may be in only during slots of time, each chosen by lot with the
 * probability d.  A block is then taken with probability d p, and stands for w = s/(d p) bytes:
 * sums stay unbiased.  But blocks of one slot share its fate.  With u = s/p, the estimate for a
 * slot in which the hooks were in is y/d, where y is the sum of u over its samples: a Bernoulli(d)
 * choice of slots, in each of which y estimates the slot's truth Y with the variance Q from above.
 *	Var[total] = sum over slots of (1-d)/d Y^2 + Q/d
 * (the first term is that of choosing slots, the second that of sampling within the chosen ones,
 * E[1/d^2 Q chosen] = Q/d).  Horvitz and Thompson's estimate of it, by pairs i, j of samples with
 * joint probability pi_ij (d p_i p_j within a slot, pi_i pi_j across slots), is
 *	sum_i (1 - pi_i)/pi_i^2 s_i^2 + sum_{i != j in a slot} (pi_ij - pi_i pi_j)/(pi_ij pi_i pi_j)
 *	    s_i s_j = sum_i u_i^2 (1-p_i)/d + (1-d)/d^2 sum over slots of y^2
 * where the u_i^2 (1-d)/d^2 of the first sum have made the squares of the second complete.  The
 * sampler keeps y for each slot and cell while one of its samples lives, so that deaths take
 * exactly their part out of v.  Rows made of several stacks, and differences, take cells as
 * independent: stacks that allocate in the same few slots are less certain together than that says;
 * the live total of a process has a variance of its own, with slots joined over all stacks.
 * Where T stands below, for a block that was not seen, it is T/d: that
 * holds for memory that comes in many slots; of what comes all at once, the hooks may be out.
 *
 * The interval of a total.  With few samples b +- 2 sqrt(v) is wrong: it reaches below zero and
 * covers too little above.  Blocks smaller than T are rare events with weights, for which the
 * gamma limits of Fay & Feuer (1997) hold: a sum with mean b and variance v is c = v/b times a
 * Poisson count of n = b^2/v, and exact Poisson limits are gamma quantiles G(q; shape):
 *	low  = c  G(.025; n)
 *	high = c' G(.975; n')	with one more event of the largest weight k that can be missing:
 *				c' = (v + k^2)/(b + k), n' = (b + k)^2/(v + k^2)
 * For samples of equal weight both are the textbook limits of a Poisson count.  k is not kept; the
 * mean weight c, but at least T, is what an unseen block of this stack would weigh.  Nothing
 * sampled: 0 .. G(.975; 1) T = 3.69 T.  v = 0 with samples: every block was sure to be taken,
 * the total is exact.
 *
 * The interval of a difference.  Growth since a reference is BORN - DIED: what was born since and
 * is alive, less what was alive then and is not.  What stayed alive is in neither, so its error
 * does not count: that is why survivors are followed by epoch.  The two sums are independent, and
 * the MOVER method (Zou & Donner 2008) joins their limits:
 *	lower half = sqrt((b - b_low)^2 + (d_high - d)^2)
 *	upper half = sqrt((b_high - b)^2 + (d - d_low)^2)
 * One number is shown, so it is the larger half.  By it, seven fresh survivors of equal weight are
 * not yet growth and eight are.
 *
 * Growth or chance.  Large blocks are all sampled, so v is nearly 0 and every megabyte buffer more
 * or less than at the reference is known to be there: true, and no leak.  Births and deaths of a
 * steady program are Poisson events whatever their size, so to be called growth a difference must
 * also exceed the error it has when each side's variance is at least that of its n blocks coming by
 * chance: b^2/n, which for small blocks is v itself.
 */

#define TAIL 0.025
#define SHAPE_LEAST 0.5	 /* from it to SHAPE_NORMAL quantiles come from a table */
#define TABLE_STEPS 512	 /* of 1/sqrt(shape) */
#define Z_TAIL 1.959963984540054 /* normal quantile of 1 - TAIL */
#define NEWTON_MAX 40
#define TERMS_MAX 2000
#define SHAPE_NORMAL 30 /* from it on Wilson & Hilferty are right within 0.02 % */
#define PRECISION 1e-10
#define NO_SAMPLE_HIGH 3.688879454113936 /* G(.975; 1) */

/* P(a, x), the regularised lower incomplete gamma function, and its density at X. */
static double
gamma_cdf(double a, double x, double *density)
{
	int sign;
	double log_front = a * log(x) - x - lgamma_r(a, &sign);
	double front = exp(log_front);

	*density = front / x;
	if (x < a + 1) {
		double term = 1 / a, sum = term;

		for (int i = 1; i < TERMS_MAX && term > sum * PRECISION; i++) {
			term *= x / (a + i);
			sum += term;
		}
		return sum * front;
	}
	/* Lentz's continued fraction of the upper tail */
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;

	for (int i = 1; i < TERMS_MAX; i++) {
		double an = -i * (i - a), delta;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
		c = b + an / c;
		c = fabs(c) < 1e-300 ? 1e-300 : c;
		delta = d * c;
		h *= delta;
		if (fabs(delta - 1) < PRECISION)
			break;
	}
	return 1 - front * h;
}

/* Wilson & Hilferty: the cube root of a gamma variable is nearly normal. */
static double
gamma_guess(double a, double z, double q)
{
	double root = 1 - 1 / (9 * a) + z / (3 * sqrt(a));
	int sign;

	if (root > 0.1)
		return a * root * root * root;
	return exp((log(q) + lgamma_r(a + 1, &sign)) / a); /* the first term of the series */
}

/* G(q; a) by Newton's steps, kept between the closest points known to be too low or too high. */
static double
find_quantile(double a, double z, double q)
{
	double x = gamma_guess(a, z, q), low = 0, high = INFINITY;

	if (a >= SHAPE_NORMAL || !(x > 0))
		return x > 0 ? x : 0;
	for (int i = 0; i < NEWTON_MAX; i++) {
		double density, excess = gamma_cdf(a, x, &density) - q, next;

		if (excess > 0)
			high = x;
		else
			low = x;
		next = x - excess / density;
		if (!(next > low && next < high))
			next = isinf(high) ? 2 * x : (low + high) / 2;
		if (fabs(next - x) <= 1e-4 * x)
			return next; /* each step squares the error */
		x = next;
	}
	return x;
}

/* Every row of every second asks for four of these, and Newton's steps take nine times as long as
 * a table.  By Wilson & Hilferty the cube root of G(q; a) / a is nearly a straight line in
 * 1/sqrt(a): between neighbours of the table it is one within 0.02 %. */
struct quantiles {
	double	z, q;
	bool	is_made;
	double	roots[TABLE_STEPS + 1];
};

static struct quantiles low_tail = {.z = -Z_TAIL, .q = TAIL},
			high_tail = {.z = Z_TAIL, .q = 1 - TAIL};

static void
make_quantiles(struct quantiles *t, double first, double step)
{
	for (int i = 0; i <= TABLE_STEPS; i++) {
		double u = first + i * step, a = 1 / (u * u);

		t->roots[i] = cbrt(find_quantile(a, t->z, t->q) / a);
	}
	t->is_made = true;
}

static double
gamma_quantile(struct quantiles *t, double a)
{
	const double first = 1 / sqrt(SHAPE_NORMAL), last = 1 / sqrt(SHAPE_LEAST),
	    step = (last - first) / TABLE_STEPS;
	double at, root;
	int i;

	if (!(a > SHAPE_LEAST && a < SHAPE_NORMAL))
		return find_quantile(a, t->z, t->q);
	if (!t->is_made)
		make_quantiles(t, first, step);
	at = (1 / sqrt(a) - first) / step;
	i = at < TABLE_STEPS - 1 ? (int)at : TABLE_STEPS - 1;
	root = t->roots[i] + (at - i) * (t->roots[i + 1] - t->roots[i]);
	return a * root * root * root;
}

void
lk_estimate_add(struct lk_estimate *e, const struct lk_cell *cell)
{
	e->sampled_count += cell->sampled_count;
	e->bytes += cell->est_bytes;
	e->objects += cell->est_objects;
	e->variance += cell->variance;
}

struct lk_interval
lk_estimate_interval(const struct lk_estimate *e, double interval_bytes)
{
	double b = e->bytes, v = e->variance, t = interval_bytes > 0 ? interval_bytes : 0;
	struct lk_interval out;
	double k;

	if (e->sampled_count == 0 || !(b > 0))
		return (struct lk_interval){0, NO_SAMPLE_HIGH * t};
	if (!(v > 0) || !isfinite(b * b / v) || !isfinite(v))
		return (struct lk_interval){b, b};
	k = v / b > t ? v / b : t;
	out.low_bytes = v / b * gamma_quantile(&low_tail, b * b / v);
	out.high_bytes = (v + k * k) / (b + k) *
	    gamma_quantile(&high_tail, (b + k) * (b + k) / (v + k * k));
	return out;
}

/* The square root of the larger sum of squares: hypot() would guard against overflows that bytes
 * cannot come near, for ten times the time. */
double
lk_estimate_delta_error(const struct lk_estimate *born, const struct lk_estimate *died,
    double interval_bytes)
{
	struct lk_interval b = lk_estimate_interval(born, interval_bytes);
	struct lk_interval d = lk_estimate_interval(died, interval_bytes);
	double b_below = born->bytes - b.low_bytes, b_above = b.high_bytes - born->bytes;
	double d_below = died->bytes - d.low_bytes, d_above = d.high_bytes - died->bytes;
	double lower = b_below * b_below + d_above * d_above;
	double upper = b_above * b_above + d_below * d_below;

	return sqrt(lower > upper ? lower : upper);
}

static struct lk_estimate
by_chance(const struct lk_estimate *e)
{
	struct lk_estimate out = *e;

	if (e->sampled_count > 0)
		out.variance = fmax(e->variance, e->bytes * e->bytes / (double)e->sampled_count);
	return out;
}

bool
lk_estimate_delta(const struct lk_estimate *born, const struct lk_estimate *died,
    double interval_bytes, double *error_bytes)
{
	double delta = fabs(born->bytes - died->bytes), error;
	struct lk_estimate b, d;

	/* the error is at least that of a side of which nothing was seen: most rows end here */
	if (error_bytes == NULL && (died->bytes == 0 || born->bytes == 0) &&
	    delta <= NO_SAMPLE_HIGH * interval_bytes)
		return false;
	error = lk_estimate_delta_error(born, died, interval_bytes);
	if (error_bytes != NULL)
		*error_bytes = error;
	if (!(delta > error))
		return false;
	b = by_chance(born);
	d = by_chance(died);
	/* small blocks, as nearly always: the same question again */
	if (b.variance <= 1.01 * born->variance && d.variance <= 1.01 * died->variance)
		return true;
	return delta > lk_estimate_delta_error(&b, &d, interval_bytes);
}

bool
lk_estimate_exceeds_chance(const struct lk_estimate *born, const struct lk_estimate *died,
    double interval_bytes)
{
	return lk_estimate_delta(born, died, interval_bytes, NULL);
}

double
lk_estimate_error(const struct lk_estimate *e, double interval_bytes)
{
	struct lk_interval i = lk_estimate_interval(e, interval_bytes);
	double below = e->bytes - i.low_bytes, above = i.high_bytes - e->bytes;

	return below > above ? below : above;
}
