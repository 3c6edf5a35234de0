/* golden.h - the golden lines, for tests. */
#ifndef LK_TESTS_WIRE_GOLDEN_H
#define LK_TESTS_WIRE_GOLDEN_H

#include <stddef.h>

/* lk_golden_read - the line of FOLDER ("golden", "requests") / NAME ".json" with its '\n'
 * and a NUL; the caller frees it.  Ends the test when it cannot be read. */
char *lk_golden_read(const char *folder, const char *name, size_t *length);

/* lk_golden_each - call FN for every file of FOLDER.  Returns: how many. */
size_t lk_golden_each(const char *folder, void (*fn)(const char *name));

#endif
