#include "config.h"

#include "sampler/freeze/headroom.h"

#include "base/print.h"

#define MIB		(UINT64_C(1) << 20)
#define WRITTEN_SHARE	8u	/* of RSS, that the host may write to meanwhile */
#define RESERVE_BYTES	(16 * MIB)	/* for whatever else happens */
#define TABLES_MIN_BYTES (8 * MIB)
#define TABLES_MAX_BYTES (4096 * MIB)

static uint64_t
left(uint64_t limit_bytes, uint64_t used_bytes)
{
	if (limit_bytes == LK_HEADROOM_UNKNOWN || used_bytes == LK_HEADROOM_UNKNOWN)
		return LK_HEADROOM_UNKNOWN;
	return limit_bytes > used_bytes ? limit_bytes - used_bytes : 0;
}

static void
say(const char *of_what, uint64_t free_bytes, uint64_t needed_bytes, char *words,
    size_t words_bytes)
{
	struct lk_print p;

	lk_print_init(&p, words, words_bytes);
	lk_print_str(&p, "too little memory for a frozen copy: ");
	lk_print_u64(&p, free_bytes / MIB);
	lk_print_str(&p, " MB are left ");
	lk_print_str(&p, of_what);
	lk_print_str(&p, ", ");
	lk_print_u64(&p, (needed_bytes + MIB - 1) / MIB);
	lk_print_str(&p, " MB are needed");
	lk_print_end(&p);
}

/* The tables get half of what remains, so that the host keeps the other half. */
static bool
take(uint64_t free_bytes, uint64_t kept_bytes, const char *of_what, uint64_t *tables_bytes,
    char *words, size_t words_bytes)
{
	uint64_t half;

	if (free_bytes == LK_HEADROOM_UNKNOWN)
		return true;
	half = free_bytes > kept_bytes ? (free_bytes - kept_bytes) / 2 : 0;
	if (half < TABLES_MIN_BYTES) {
		say(of_what, free_bytes, kept_bytes + 2 * TABLES_MIN_BYTES, words, words_bytes);
		return false;
	}
	if (half < *tables_bytes)
		*tables_bytes = half;
	return true;
}

bool
lk_headroom_tables(const struct lk_headroom *h, uint64_t *out_bytes, char *words,
    size_t words_bytes)
{
	uint64_t kept = h->rss_bytes / WRITTEN_SHARE + RESERVE_BYTES, tables = TABLES_MAX_BYTES;

	if (!take(left(h->cgroup_limit_bytes, h->cgroup_used_bytes), kept,
	    "to the limit of its cgroup", &tables, words, words_bytes) ||
	    !take(h->available_bytes, kept, "on this machine", &tables, words, words_bytes) ||
	    !take(left(h->address_limit_bytes, h->address_used_bytes), RESERVE_BYTES,
	    "to the limit of addresses (ulimit -v)", &tables, words, words_bytes))
		return false;
	*out_bytes = tables;
	return true;
}
