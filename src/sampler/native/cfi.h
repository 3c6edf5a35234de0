/* cfi.h - how to go from a frame to its caller: the call frame information of .eh_frame, read where
 * the object is mapped, without trust.  Room: sampler/native.
 *
 * Only what compilers make for return addresses is understood: the caller's frame is at a distance
 * from the stack or the frame pointer, or at an address kept at such a distance (a realigned
 * stack).  Anything else, a signal's frame among it, has no rule: a trace ends there.
 *
 * Context: in a hook.  Never allocates; takes no lock and asks no loader.  Every byte is checked
 * against the object's bounds, and its page asked of the kernel (core/readable.h), before it is
 * read: what is damaged, or gone, gives no rule. */
#ifndef LK_SAMPLER_NATIVE_CFI_H
#define LK_SAMPLER_NATIVE_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the caller's frame is (CFA, its stack pointer).  0 must be NONE: see unwind.c. */
enum lk_cfi_base { LK_CFI_NONE, LK_CFI_SP, LK_CFI_FP, LK_CFI_AT_FP, LK_CFI_END };

/* Where the caller's register is. */
enum lk_cfi_saved { LK_CFI_SAME, LK_CFI_AT_CFA, LK_CFI_AT_OWN_FP };

struct lk_cfi_rule {
	enum lk_cfi_base	base;
	int32_t			cfa_offset;	/* bytes; of the word that holds it for AT_FP */
	enum lk_cfi_saved	fp_saved;	/* AT_OWN_FP: fp_offset from the frame pointer */
	int32_t			fp_offset;
	enum lk_cfi_saved	ra_saved;	/* SAME: in its register still */
	int32_t			ra_offset;
};

/* An object with an index of its functions (.eh_frame_hdr). */
struct lk_cfi_object {
	uintptr_t	begin, end;
	uintptr_t	index;		/* 0: none */
	size_t		index_bytes;
};

/* lk_cfi_find - the rule at address PC in OBJECT; for a return address that is the one of the
 * call, a byte before.  The frame of a signal is an END.  Returns: false when there is none. */
bool lk_cfi_find(const struct lk_cfi_object *object, uintptr_t pc, struct lk_cfi_rule *out);

#endif
