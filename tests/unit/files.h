/* files.h - what the tests of snapshot files and recordings share: a folder of their own, and what
 * they write into it.  The program is linked with --wrap for fsync, which is counted instead of
 * done: nothing here outlives the program, and a busy disk would take minutes for all of them. */
#ifndef LK_TESTS_UNIT_FILES_H
#define LK_TESTS_UNIT_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "export/export.h"
#include "suites.h"

struct lk_recording;
struct lk_snapshot;
struct lk_source;

/* A snapshot file up to its stacks. */
#define FILES_HEAD "{\"schema\":\"leaktop.snapshot/1\",\"taken_at\":5,\"process\":{\"pid\":7}," \
	"\"sampler\":{},"

/* For each test: an empty folder, names of two files in it, room for words. */
extern char folder[32], path[64], other[64], words[256];
extern unsigned int synced;	/* how often fsync was asked for */
extern const struct lk_export_options newest;	/* json, growth since the newest baseline */

/* A checked fixture; tear_down fails when anything else is left in the folder. */
void files_set_up(void);
void files_tear_down(void);

/* files_strangers - how many files are in the folder beside path and other. */
unsigned int files_strangers(void);

/* files_dummy, files_now - made-up data from when it is first asked for, borrowed. */
struct lk_source *files_dummy(void);
const struct lk_snapshot *files_now(void);

/* files_export, files_open - what must not fail. */
void files_export(const struct lk_snapshot *s, const char *to);
struct lk_source *files_open(const char *from);

/* files_slurp - all of a file and a NUL behind it; the caller's to free. */
char *files_slurp(const char *from, size_t *length);
void files_spill(const char *to, const char *text, size_t length);

/* files_in_memory - the name of a file with TEXT on no disk, for tests that try thousands; the next
 * call writes over it. */
const char *files_in_memory(const char *text, size_t length);

/* files_bare - a snapshot without anything but its time and its pid, which is SERIAL + 1. */
struct lk_snapshot *files_bare(int serial);

/* files_huge - one with COUNT stacks of 128 frames that share their texts. */
struct lk_snapshot *files_huge(uint32_t count);

/* files_record_to, files_add_bare - a recording, and one more bare snapshot in it. */
struct lk_recording *files_record_to(const char *to, uint64_t max_bytes);
int files_add_bare(struct lk_recording *r, int serial);

/* files_record - at path, COUNT bare snapshots, and its end when WHY is given. */
void files_record(int count, const char *why);

#endif
