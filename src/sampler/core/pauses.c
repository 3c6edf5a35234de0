#include "config.h"

#include "sampler/core/pauses.h"

#include <string.h>

void
lk_pauses_begin(struct lk_pauses *p)
{
	memset(p, 0, sizeof(*p));
	p->longest_generation = -1;
}

void
lk_pauses_interrupt(struct lk_pauses *p)
{
	p->has_last = p->has_begun = p->is_counted = false;
}

static void
take_seen(struct lk_pauses *p, uint64_t length_ns, uint64_t error_ns, int generation)
{
	p->seen++;
	if (p->seen > 1 && length_ns <= p->longest_ns)
		return;
	p->longest_ns = length_ns;
	p->longest_error_ns = error_ns;
	p->longest_generation = generation;
}

/* How many ended since the last look; *OLDEST: the oldest generation that was collected, or -1. */
static uint64_t
ended_since(const struct lk_pauses *p, const struct lk_pauses_look *look, int *oldest)
{
	uint64_t sum = 0;
	int i;

	*oldest = -1;
	for (i = 0; i < LK_PAUSES_GENERATIONS; i++) {
		if (look->collections[i] <= p->last.collections[i])
			continue;
		sum += look->collections[i] - p->last.collections[i];
		*oldest = i;
	}
	return sum;
}

/* One has ended there, and another one has begun. */
static void
end_counted(struct lk_pauses *p)
{
	if (p->has_begun)
		take_seen(p, p->counted_ns - p->began_ns, p->began_error_ns + p->counted_error_ns,
		    p->counted_generation);
	p->began_ns = p->counted_ns;
	p->began_error_ns = p->counted_error_ns;
	p->has_begun = true;
	p->is_counted = false;
}

/* A count that moves while it collects: that one has ended and another one has begun, or it is
 * still about gc.callbacks and free lists.  Which of the two the next change tells. */
static void
take_run(struct lk_pauses *p, bool goes_on, uint64_t middle_ns, uint64_t error_ns, uint64_t ended,
    int generation)
{
	if (p->is_counted && ended > 0)
		end_counted(p);
	if (goes_on && ended > 0) {
		p->is_counted = true;
		p->counted_ns = middle_ns;
		p->counted_error_ns = error_ns;
		p->counted_generation = generation;
		if (ended > 1)	/* whatever goes on, it began in between */
			end_counted(p);
	}
	if (goes_on)
		return;
	if (p->has_begun)
		take_seen(p, middle_ns - p->began_ns, p->began_error_ns + error_ns,
		    p->is_counted ? p->counted_generation : generation);
	p->has_begun = p->is_counted = false;
}

static void
take_gap(struct lk_pauses *p, const struct lk_pauses_look *look)
{
	uint64_t gap_ns = look->at_ns - p->last.at_ns, middle_ns = p->last.at_ns + gap_ns / 2;
	bool was = p->last.collecting, is = look->collecting;
	int generation;
	uint64_t ended = ended_since(p, look, &generation);

	p->watched_ns += gap_ns;
	p->total_ns += was && is ? gap_ns : was || is ? gap_ns / 2 : 0;
	p->collections += ended;
	if (ended > (was ? 1 : 0) && gap_ns > p->unseen_ns)
		p->unseen_ns = gap_ns;
	if (was) {
		take_run(p, is, middle_ns, gap_ns / 2, ended, generation);
	} else if (is) {
		p->has_begun = true;
		p->began_ns = middle_ns;
		p->began_error_ns = gap_ns / 2;
	}
}

void
lk_pauses_look(struct lk_pauses *p, const struct lk_pauses_look *look)
{
	if (p->has_last && look->at_ns >= p->last.at_ns)
		take_gap(p, look);
	p->looks++;
	p->last = *look;
	p->has_last = true;
}

/* Of those between the one that we know and the next that is still there no one is longer than all
 * of them. */
static void
take_lost(struct lk_pauses *p, const struct lk_pauses_record *known,
    const struct lk_pauses_record *next)
{
	uint64_t own_ns = next->ended_ns - next->began_ns;
	uint64_t lost_ns = next->total_ns - known->total_ns;

	lost_ns = lost_ns > own_ns ? lost_ns - own_ns : 0;
	if (next->collections - known->collections > 1 && lost_ns > p->unseen_ns)
		p->unseen_ns = lost_ns;
}

void
lk_pauses_records(struct lk_pauses *p, uint64_t now_ns, int generation,
    const struct lk_pauses_record *records, int count)
{
	struct lk_pauses_record *newest = &p->newest[generation];
	int i;

	if (p->records_known == 0)
		p->began_watching_ns = now_ns;
	p->watched_ns = now_ns - p->began_watching_ns;
	if (!(p->records_known & UINT64_C(1) << generation)) {
		p->records_known |= UINT64_C(1) << generation;
		if (count > 0)
			*newest = records[count - 1];
		return;
	}
	for (i = 0; i < count; i++) {
		if (records[i].collections <= newest->collections)
			continue;
		take_lost(p, newest, &records[i]);
		p->collections += records[i].collections - newest->collections;
		p->total_ns += records[i].total_ns - newest->total_ns;
		take_seen(p, records[i].ended_ns - records[i].began_ns, 0, generation);
		*newest = records[i];
	}
}
