/* fault.h - how a command that cannot go on says so.  Room: cli. */
#ifndef LK_CLI_FAULT_H
#define LK_CLI_FAULT_H

#include "base/attr.h"

/* lk_fault - "leaktop: WORDS" on stderr, made safe for a terminal.
 * Returns: LK_EXIT_FAILED, for `return lk_fault(...)`. */
int lk_fault(const char *format, ...) LK_PRINTF(1, 2);

#endif
