#include "config.h"

#include "sampler/heap/longest.h"

#include "sampler/heap/containers.h"

static void
sift_down(struct lk_containers_scan *scan, uint32_t i, uint32_t count)
{
	struct lk_container_found *f = scan->found, swap;
	uint32_t least, child;

	for (;; i = least) {
		least = i;
		for (child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
			if (f[child].length < f[least].length)
				least = child;
		if (least == i)
			return;
		swap = f[i];
		f[i] = f[least];
		f[least] = swap;
	}
}

static bool
is_known(const struct lk_containers_scan *scan, uint64_t address)
{
	uint32_t i;

	for (i = 0; i < scan->count; i++)
		if (scan->found[i].address == address)
			return true;
	return false;
}

void
lk_longest_keep(struct lk_containers_scan *scan, const struct lk_container_found *found)
{
	uint32_t i;

	if (is_known(scan, found->address))
		return;
	if (scan->count < LK_CONTAINERS_KEPT) {
		scan->found[scan->count++] = *found;
		for (i = scan->count / 2; scan->count == LK_CONTAINERS_KEPT && i-- > 0;)
			sift_down(scan, i, scan->count);
	} else if (found->length > scan->found[0].length) {
		scan->found[0] = *found;
		sift_down(scan, 0, scan->count);
	}
}

void
lk_longest_sort(struct lk_containers_scan *scan)
{
	struct lk_container_found swap;
	uint32_t i;

	for (i = scan->count / 2; i-- > 0;)
		sift_down(scan, i, scan->count);
	for (i = scan->count; i > 1; i--) {
		swap = scan->found[0];
		scan->found[0] = scan->found[i - 1];
		scan->found[i - 1] = swap;
		sift_down(scan, 0, i - 1);
	}
}
