/* attr.h - compiler attributes, nothing else.  Room: base. */
#ifndef LK_BASE_ATTR_H
#define LK_BASE_ATTR_H

#define LK_EXPORT	__attribute__((visibility("default")))
#define LK_HIDDEN	__attribute__((visibility("hidden")))
#define LK_COLD		__attribute__((cold, noinline))
/* Of a hook: a cache line of its own.  Placed as it happened, the hooks of one program took 7 % of
 * its time and not 4 (Zen 5). */
#define LK_HOT		__attribute__((hot, aligned(64)))
#define LK_PRINTF(f, a)	__attribute__((format(printf, f, a)))
/* Reads what no variable of C is: words of the stack, another object's bytes. */
#define LK_NO_ASAN	__attribute__((no_sanitize_address))

/* Room for 8 bytes a thread in the static TLS block is always there (glibc keeps a
 * surplus for libraries that come late), and the access is one instruction. */
#define LK_TLS_INITIAL_EXEC _Thread_local __attribute__((tls_model("initial-exec")))

#define lk_likely(x)	__builtin_expect(!!(x), 1)
#define lk_unlikely(x)	__builtin_expect(!!(x), 0)

#define LK_COUNT_OF(a)	(sizeof(a) / sizeof((a)[0]))

#endif
