#include "config.h"

#include "attach/stub.h"

#if defined(__x86_64__)

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "base/attr.h"

/* The kernel's words, which no header of the C library has. */
#define MAGIC1		0x46505853u
#define MAGIC2		0x46505845u
#define SW_OFFSET	464u		/* of struct _fpx_sw_bytes in the 512 bytes of fxsave */
#define FLAG_XSTATE	1u		/* of uc_flags */
#define FLAG_SS		6u
#define SS_NONSENSE	0x7f000000	/* leaves the alternate stack as it is */
#define RESTART_FIRST	512		/* ERESTARTSYS, NOINTR; NOHAND is 514 */
#define RESTART_LAST	513
#define RESTART_BLOCK	516

struct software_bytes {			/* struct _fpx_sw_bytes of the kernel */
	uint32_t	 magic1, extended_bytes;
	uint64_t	 features;
	uint32_t	 xstate_bytes, unused[7];
};

#define AT(name, member) [name] "i"(offsetof(struct lk_stub_context, member))
#define BEGIN(name, others)                                                                    \
	".pushsection .rodata.stub, \"a\", @progbits\n"                                         \
	"	.globl " name ", " others "\n"                                                 \
	"	.hidden " name ", " others "\n" name ":\n"

/* At `call`: rdi, rsi, rdx, rcx are the arguments of pthread_create, rax is its address, rbx the
 * context, rsp the frame. */
__attribute__((used, noinline)) static void
call(void)
{
	__asm__ volatile(
	    BEGIN("lk_stub_call", "lk_stub_return, lk_stub_call_end")
	    "	call *%%rax\n"
	    "	mov %%eax, %c[created](%%rbx)\n"
	    "	movl $1, %c[returned](%%rbx)\n"
	    "0:	mov $15, %%eax\n"		/* rt_sigreturn */
	    "	syscall\n"
	    "lk_stub_return:\n"
	    "	jmp 0b\n"
	    "lk_stub_call_end:\n"
	    ".popsection\n" ::
	    AT(created, created), AT(returned, returned));
}

/* The start routine of the new thread: rdi is the context. */
__attribute__((used, noinline)) static void
body(void)
{
	__asm__ volatile(
	    BEGIN("lk_stub_body", "lk_stub_body_end")
	    "	push %%rbx; push %%r12\n"
	    "	sub $8, %%rsp\n"
	    "	mov %%rdi, %%rbx\n"
	    "	mov $%c[new], %%eax; mov $%c[begun], %%ecx\n"
	    "	lock cmpxchg %%ecx, %c[status](%%rbx)\n"
	    "	jne 9f\n"
	    "	call *%c[self](%%rbx)\n"
	    "	mov %%rax, %%rdi\n"
	    "	call *%c[detach](%%rbx)\n"
	    "	lea %c[path](%%rbx), %%rdi\n"
	    "	mov $2, %%esi\n"		/* RTLD_NOW */
	    "	call *%c[dlopen](%%rbx)\n"
	    "	test %%rax, %%rax\n"
	    "	jz 5f\n"
	    "	mov %%rax, %%rdi\n"
	    "	mov %c[function](%%rbx), %%rax\n"
	    "	test %%rax, %%rax\n"
	    "	jnz 3f\n"
	    "	lea %c[symbol](%%rbx), %%rsi\n"
	    "	call *%c[dlsym](%%rbx)\n"
	    "	test %%rax, %%rax\n"
	    "	jz 5f\n"
	    "3:	lea %c[settings](%%rbx), %%rdi\n"
	    "	call *%%rax\n"
	    "	mov %%eax, %c[result](%%rbx)\n"
	    "	movl $%c[started], %c[status](%%rbx)\n"
	    "	jmp 7f\n"
	    "5:	call *%c[dlerror](%%rbx)\n"
	    "	xor %%ecx, %%ecx\n"
	    "	test %%rax, %%rax\n"
	    "	jz 6f\n"
	    "1:	mov (%%rax,%%rcx), %%dl\n"
	    "	mov %%dl, %c[words](%%rbx,%%rcx)\n"
	    "	test %%dl, %%dl\n"
	    "	jz 6f\n"
	    "	inc %%rcx\n"
	    "	cmp $%c[words_last], %%rcx\n"
	    "	jb 1b\n"
	    "6:	movl $%c[not_loaded], %c[status](%%rbx)\n"
	    "7:	mov $500, %%r12d\n"		/* times 20 ms */
	    "8:	cmpl $0, %c[ack](%%rbx)\n"
	    "	jne 4f\n"
	    "	mov $20000, %%edi\n"
	    "	call *%c[usleep](%%rbx)\n"
	    "	dec %%r12d\n"
	    "	jnz 8b\n"
	    "9:	xor %%eax, %%eax\n"		/* nobody heard: the memory stays */
	    "	add $8, %%rsp\n"
	    "	pop %%r12; pop %%rbx\n"
	    "	ret\n"
	    "4:	mov %c[munmap](%%rbx), %%rax\n"	/* returns to whoever called the body */
	    "	mov %c[base](%%rbx), %%rdi\n"
	    "	mov %c[bytes](%%rbx), %%rsi\n"
	    "	add $8, %%rsp\n"
	    "	pop %%r12; pop %%rbx\n"
	    "	jmp *%%rax\n"
	    "lk_stub_body_end:\n"
	    ".popsection\n" ::
	    AT(status, status), AT(ack, ack), AT(function, function),
	    AT(result, result), AT(symbol, symbol), AT(words, words), AT(path, path),
	    AT(settings, settings), AT(base, base), AT(bytes, bytes),
	    AT(self, calls[LK_CALL_THREAD_SELF]), AT(detach, calls[LK_CALL_THREAD_DETACH]),
	    AT(dlopen, calls[LK_CALL_DLOPEN]), AT(dlsym, calls[LK_CALL_DLSYM]),
	    AT(dlerror, calls[LK_CALL_DLERROR]), AT(usleep, calls[LK_CALL_USLEEP]),
	    AT(munmap, calls[LK_CALL_MUNMAP]),
	    [new] "i"(LK_STUB_NEW), [begun] "i"(LK_STUB_BEGUN), [started] "i"(LK_STUB_STARTED),
	    [not_loaded] "i"(LK_STUB_NOT_LOADED),
	    [words_last] "i"(sizeof(((struct lk_stub_context *)0)->words) - 1));
}

/* As the kernel would have it when the thread goes on.  What any signal with a handler would end
 * ends, so that one that came meanwhile is noticed; what may have to go on is begun again. */
static void
restart(const struct user_regs_struct *stopped, uint64_t *ip, uint64_t *ax)
{
	int64_t left = (int64_t)stopped->rax;

	*ip = stopped->rip;
	*ax = stopped->rax;
	if ((int64_t)stopped->orig_rax < 0 || left > -RESTART_FIRST || left < -RESTART_BLOCK)
		return;
	if (left >= -RESTART_LAST) {
		*ip -= 2;
		*ax = stopped->orig_rax;
	} else {
		*ax = (uint64_t)-EINTR;
	}
}

static void
put_registers(const struct user_regs_struct *stopped, greg_t *out)
{
	const unsigned long long values[][2] = {
		{REG_R8, stopped->r8}, {REG_R9, stopped->r9}, {REG_R10, stopped->r10},
		{REG_R11, stopped->r11}, {REG_R12, stopped->r12}, {REG_R13, stopped->r13},
		{REG_R14, stopped->r14}, {REG_R15, stopped->r15}, {REG_RDI, stopped->rdi},
		{REG_RSI, stopped->rsi}, {REG_RBP, stopped->rbp}, {REG_RBX, stopped->rbx},
		{REG_RDX, stopped->rdx}, {REG_RCX, stopped->rcx}, {REG_RSP, stopped->rsp},
		{REG_EFL, stopped->eflags}, {REG_CSGSFS, stopped->cs | stopped->ss << 48},
	};
	uint64_t ip, ax;

	for (size_t i = 0; i < LK_COUNT_OF(values); i++)
		out[values[i][0]] = (greg_t)values[i][1];
	restart(stopped, &ip, &ax);
	out[REG_RIP] = (greg_t)ip;
	out[REG_RAX] = (greg_t)ax;
}

static size_t
xstate_at(void)
{
	return (sizeof(ucontext_t) + 63) & ~(size_t)63;	/* as the address is aligned */
}

size_t
lk_stub_frame_bytes(size_t xstate_bytes)
{
	return xstate_at() + xstate_bytes + sizeof(uint32_t);
}

size_t
lk_stub_frame(const struct user_regs_struct *stopped, uint64_t signal_mask, const void *xstate,
    size_t xstate_bytes, uint64_t address, unsigned char *image)
{
	size_t at = xstate_at();
	struct software_bytes software = {.magic1 = MAGIC1,
	    .extended_bytes = (uint32_t)xstate_bytes + 4, .xstate_bytes = (uint32_t)xstate_bytes};
	const uint32_t magic2 = MAGIC2;
	ucontext_t context = {.uc_flags = FLAG_XSTATE | FLAG_SS,
	    .uc_stack = {.ss_flags = SS_NONSENSE}};
	uint64_t pointer = address + at;

	put_registers(stopped, context.uc_mcontext.gregs);
	memcpy(&context.uc_mcontext.fpregs, &pointer, sizeof(pointer));
	memcpy(&context.uc_sigmask, &signal_mask, sizeof(signal_mask));
	memcpy(image, &context, sizeof(context));
	memcpy(image + at, xstate, xstate_bytes);
	memcpy(&software.features, image + at + SW_OFFSET, sizeof(software.features));
	memcpy(image + at + SW_OFFSET, &software, sizeof(software));
	memcpy(image + at + xstate_bytes, &magic2, sizeof(magic2));
	return lk_stub_frame_bytes(xstate_bytes);
}

#endif
