#include "config.h"

#include "util/order.h"

#include <math.h>
#include <string.h>

#define DIGITS	8	/* of a key, a byte each */
#define FEW	48	/* lists up to this length are put in order by insertion */

uint64_t
lk_order_key(double value, bool rising)
{
	const uint64_t sign = UINT64_C(1) << 63;
	uint64_t bits;

	if (isnan(value))
		return UINT64_MAX;
	value += 0.0;	/* there are two zeros, and they are equal */
	memcpy(&bits, &value, sizeof(bits));
	bits = (bits & sign) != 0 ? ~bits : bits | sign;
	return rising ? bits : ~bits;
}

static void
sort_few(struct lk_order *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct lk_order one = list[i];
		size_t at = i;

		for (; at > 0 && list[at - 1].key > one.key; at--)
			list[at] = list[at - 1];
		list[at] = one;
	}
}

static void
count_digits(const struct lk_order *list, size_t count, uint32_t counts[DIGITS][256])
{
	memset(counts, 0, sizeof(uint32_t) * DIGITS * 256);
	for (size_t i = 0; i < count; i++)
		for (int d = 0; d < DIGITS; d++)
			counts[d][list[i].key >> 8 * d & 255]++;
}

/* Counts become the places where each value of the digit begins. */
static void
sort_by_digit(const struct lk_order *from, struct lk_order *to, size_t count, int digit,
    uint32_t counts[256])
{
	uint32_t place = 0;

	for (int i = 0; i < 256; i++) {
		uint32_t here = counts[i];

		counts[i] = place;
		place += here;
	}
	for (size_t i = 0; i < count; i++)
		to[counts[from[i].key >> 8 * digit & 255]++] = from[i];
}

void
lk_order_sort(struct lk_order *list, struct lk_order *scratch, size_t count)
{
	struct lk_order *from = list, *to = scratch, *swap;
	uint32_t counts[DIGITS][256];

	if (count <= FEW) {
		sort_few(list, count);
		return;
	}
	count_digits(list, count, counts);
	for (int d = 0; d < DIGITS; d++) {
		if (counts[d][list[0].key >> 8 * d & 255] == count)
			continue;	/* the same in all of them */
		sort_by_digit(from, to, count, d, counts[d]);
		swap = from;
		from = to;
		to = swap;
	}
	if (from != list)
		memcpy(list, from, count * sizeof(*list));
}

/* ---- texts -------------------------------------------------------------------------------- */

/* The next eight bytes of TEXT in the order of their weight; zeros stand behind its end. */
static uint64_t
chunk_of(const char *text)
{
	uint64_t chunk = 0;
	int at = 0;

	while (at < 8 && text[at] != '\0')
		chunk = chunk << 8 | (unsigned char)text[at++];
	return at == 0 ? 0 : chunk << 8 * (8 - at);
}

static bool
has_ended(uint64_t chunk)
{
	return (chunk & 255) == 0;
}

/* All of LIST have the same first SKIP bytes.  Lists get shorter by what is different in eight
 * bytes, so the calls within one another are few. */
static void
sort_from(struct lk_order *list, struct lk_order *scratch, size_t count,
    const char *const *texts, bool falling, size_t skip)
{
	const uint64_t turn = falling ? UINT64_MAX : 0;

	for (size_t i = 0; i < count; i++)
		list[i].key = chunk_of(texts[list[i].number] + skip) ^ turn;
	lk_order_sort(list, scratch, count);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && list[to].key == list[from].key;)
			to++;
		if (to - from > 1 && !has_ended(list[from].key ^ turn))
			sort_from(list + from, scratch, to - from, texts, falling, skip + 8);
	}
}

void
lk_order_sort_texts(struct lk_order *list, struct lk_order *scratch, size_t count,
    const char *const *texts, bool falling)
{
	sort_from(list, scratch, count, texts, falling, 0);
}
