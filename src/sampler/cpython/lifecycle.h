/* lifecycle.h - being told by the interpreter when it forks and when it ends.
 * Room: sampler/cpython.  Through os.register_at_fork and atexit: the callbacks run with the
 * GIL at well-defined points, and only for forks that go on as Python. */
#ifndef LK_SAMPLER_CPYTHON_LIFECYCLE_H
#define LK_SAMPLER_CPYTHON_LIFECYCLE_H

#include <stdbool.h>

struct lk_layout;
struct lk_symbols;

/* Each is called without the GIL, on the host's thread. */
struct lk_lifecycle {
	void	(*before_fork)(void);
	void	(*after_fork_in_parent)(void);
	void	(*after_fork_in_child)(void);
	void	(*at_exit)(void);
};

/* lk_lifecycle_imports_callspy - some thread has the lock of the import system: registering, which
 * imports, would wait for it.  "_imp" is always there; to get it takes no such lock. */
bool lk_lifecycle_imports_callspy(const struct lk_symbols *symbols);

/* lk_lifecycle_register_callspy - once; LIFECYCLE lives for ever.  Context: with the GIL.
 * Returns: 0; -ENOTSUP when the interpreter refuses (a pending exception is cleared). */
int lk_lifecycle_register_callspy(const struct lk_symbols *symbols,
    const struct lk_layout *layout, const struct lk_lifecycle *lifecycle);

#endif
