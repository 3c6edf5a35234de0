/* Objects that are made up: what is damaged gives no slots and no wild read; what is changed is
 * given back; pages that were read-only are so again. */
#include "config.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check.h>

#include "base/attr.h"
#include "sampler/native/got.h"
#include "sampler/native/image.h"

#include "suites.h"

#define PAGE	4096u
#define PAGES	4u

/* Page 0: text; 1: dynamic, symbols, strings, relocations; 2: read-only after loading (the GOT);
 * 3: data.  Before and after are pages that nobody may touch. */
enum { DYNAMIC = PAGE, SYMBOLS = PAGE + 512, STRINGS = PAGE + 1024, RELA = PAGE + 1536,
	JMPREL = PAGE + 2560, NOTE = PAGE + 3584, GOT = PAGE * 2, DATA = PAGE * 3 };

#define MALLOC	0x1111000u	/* addresses that are only compared */
#define FREE	0x2222000u
#define HOOK_M	0x3333000u
#define HOOK_F	0x4444000u
#define OTHER	0x5555000u

static char *base;
static ElfW(Phdr) headers[6];
static struct lk_image image;
static struct lk_got_call calls[2];
static uintptr_t found;		/* what the loader would find for free */

static void
add_dynamic(int *i, int64_t tag, uint64_t value)
{
	ElfW(Dyn) *d = (ElfW(Dyn) *)(base + DYNAMIC);

	d[*i].d_tag = tag;
	d[(*i)++].d_un.d_val = value;
}

static void
add_relocation(uint32_t table, int i, uint64_t offset, uint32_t symbol, uint32_t type)
{
	((ElfW(Rela) *)(base + table))[i] = (ElfW(Rela)){offset,
	    ELF64_R_INFO((uint64_t)symbol, type), 0};
}

static void
make_dynamic(void)
{
	int i = 0;

	add_dynamic(&i, DT_SYMTAB, SYMBOLS);
	add_dynamic(&i, DT_STRTAB, STRINGS);
	add_dynamic(&i, DT_STRSZ, 64);
	add_dynamic(&i, DT_RELA, RELA);
	add_dynamic(&i, DT_RELASZ, 3 * sizeof(ElfW(Rela)));
	add_dynamic(&i, DT_JMPREL, JMPREL);
	add_dynamic(&i, DT_PLTRELSZ, 2 * sizeof(ElfW(Rela)));
	add_dynamic(&i, DT_PLTREL, DT_RELA);
	add_dynamic(&i, DT_NULL, 0);
}

static uintptr_t *
word(uint32_t at)
{
	return (uintptr_t *)(base + at);
}

static void
start(void)
{
	ElfW(Sym) *symbols;

	base = mmap(NULL, PAGE * (PAGES + 2), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(base, MAP_FAILED);
	base += PAGE;
	ck_assert_int_eq(mprotect(base, PAGE * PAGES, PROT_READ | PROT_WRITE), 0);
	headers[0] = (ElfW(Phdr)){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_memsz = PAGE};
	headers[1] = (ElfW(Phdr)){.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = PAGE,
	    .p_memsz = PAGE * 3};
	headers[2] = (ElfW(Phdr)){.p_type = PT_DYNAMIC, .p_vaddr = DYNAMIC, .p_memsz = 256};
	headers[3] = (ElfW(Phdr)){.p_type = PT_GNU_RELRO, .p_vaddr = GOT, .p_memsz = PAGE};
	headers[4] = (ElfW(Phdr)){.p_type = PT_NOTE, .p_vaddr = NOTE, .p_memsz = 36};
	ck_assert(lk_image_init(&image, (uintptr_t)base, headers, 5));
	memcpy(base + STRINGS, "\0malloc\0free\0open", 18);
	symbols = (ElfW(Sym) *)(base + SYMBOLS);
	symbols[1].st_name = 1;
	symbols[2].st_name = 8;
	symbols[3].st_name = 13;
	symbols[4].st_name = 1;
	symbols[4].st_shndx = 7;	/* a malloc of its own */
	make_dynamic();
	add_relocation(RELA, 0, GOT, 1, R_X86_64_GLOB_DAT);
	add_relocation(RELA, 1, DATA, 2, R_X86_64_64);
	add_relocation(RELA, 2, GOT + 8, 4, R_X86_64_GLOB_DAT);
	add_relocation(JMPREL, 0, GOT + 16, 2, R_X86_64_JUMP_SLOT);
	add_relocation(JMPREL, 1, GOT + 24, 3, R_X86_64_JUMP_SLOT);
	*word(GOT) = MALLOC;
	*word(GOT + 8) = MALLOC;
	*word(GOT + 16) = (uintptr_t)base + 100;	/* not bound yet */
	*word(GOT + 24) = OTHER;
	*word(DATA) = FREE;
	calls[0] = (struct lk_got_call){"malloc", HOOK_M, MALLOC, MALLOC, true, true, false};
	calls[1] = (struct lk_got_call){"free", HOOK_F, FREE, FREE, true, true, false};
	found = FREE;
	ck_assert_int_eq(mprotect(base + GOT, PAGE, PROT_READ), 0);
}

/* What /proc/self/maps says of the page at AT: "r--p". */
static const char *
protection(uint32_t at)
{
	static char text[65536];
	int fd = open("/proc/self/maps", O_RDONLY);
	size_t used = 0;
	ssize_t n;
	char *line;
	unsigned long begin, end;

	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	text[used] = '\0';
	for (line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		begin = strtoul(line, &line, 16);
		end = strtoul(line + 1, &line, 16);
		if ((uintptr_t)base + at >= begin && (uintptr_t)base + at < end) {
			line[5] = '\0';
			return line + 1;
		}
	}
	return "";
}

static void
make_writable(void)
{
	ck_assert_int_eq(mprotect(base + GOT, PAGE, PROT_READ | PROT_WRITE), 0);
}

static uintptr_t
find(void *ctx, const char *name)
{
	ck_assert_ptr_eq(ctx, &image);
	ck_assert_str_eq(name, "free");		/* the one that is not bound */
	return found;
}

static void
want(bool malloc_hook, bool free_hook, enum lk_got_result expected)
{
	calls[0].wanted = malloc_hook;
	calls[1].wanted = free_hook;
	ck_assert_int_eq(lk_got_set(&image, calls, 2, find, &image), expected);
	ck_assert_str_eq(protection(GOT), "r--p");
	ck_assert_str_eq(protection(DATA), "rw-p");
}

START_TEST(calls_are_turned_and_given_back)
{
	want(true, true, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT), HOOK_M);
	ck_assert_uint_eq(*word(GOT + 8), MALLOC);	/* its own symbol */
	ck_assert_uint_eq(*word(GOT + 16), HOOK_F);
	ck_assert_uint_eq(*word(GOT + 24), OTHER);	/* nobody asked */
	ck_assert_uint_eq(*word(DATA), HOOK_F);
	want(true, true, LK_GOT_SAME);
	want(false, true, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT), MALLOC);
	ck_assert_uint_eq(*word(DATA), HOOK_F);
	want(false, false, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT + 16), FREE);
	ck_assert_uint_eq(*word(DATA), FREE);
	want(false, false, LK_GOT_SAME);
}
END_TEST

START_TEST(a_call_that_stays_is_not_touched)
{
	calls[0].stays = true;
	want(true, true, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT), MALLOC);
	ck_assert_uint_eq(*word(GOT + 16), HOOK_F);
	calls[0].stays = false;
	want(true, true, LK_GOT_CHANGED);
	calls[0].stays = true;
	want(false, true, LK_GOT_SAME);
	ck_assert_uint_eq(*word(GOT), HOOK_M);
}
END_TEST

START_TEST(what_another_tool_put_there_stays)
{
	want(true, true, LK_GOT_CHANGED);
	*word(DATA) = OTHER;
	make_writable();
	*word(GOT + 16) = OTHER;
	ck_assert_int_eq(mprotect(base + GOT, PAGE, PROT_READ), 0);
	want(false, false, LK_GOT_FOREIGN);
	ck_assert_uint_eq(*word(GOT), MALLOC);
	ck_assert_uint_eq(*word(GOT + 16), OTHER);
	ck_assert_uint_eq(*word(DATA), OTHER);
}
END_TEST

START_TEST(an_object_of_another_allocator_is_left_alone)
{
	make_writable();
	*word(GOT) = OTHER;
	ck_assert_int_eq(mprotect(base + GOT, PAGE, PROT_READ), 0);
	want(true, true, LK_GOT_FOREIGN);
	ck_assert_uint_eq(*word(GOT + 16), (uintptr_t)base + 100);
	ck_assert_uint_eq(*word(DATA), FREE);
}
END_TEST

/* Nothing is bound: opened with RTLD_DEEPBIND it would find an allocator that comes with it. */
START_TEST(an_object_that_may_find_another_allocator_is_left_alone)
{
	add_relocation(JMPREL, 1, GOT + 24, 1, R_X86_64_NONE);
	add_relocation(RELA, 0, GOT, 1, R_X86_64_NONE);
	add_relocation(RELA, 1, DATA, 2, R_X86_64_NONE);
	found = OTHER;
	want(true, true, LK_GOT_UNDECIDED);
	ck_assert_uint_eq(*word(GOT + 16), (uintptr_t)base + 100);
	found = 0;		/* then it is the first in the process */
	want(true, true, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT + 16), HOOK_F);
	found = OTHER;
	want(true, true, LK_GOT_SAME);
}
END_TEST

START_TEST(what_is_bound_already_tells_the_allocator)
{
	found = OTHER;
	want(true, true, LK_GOT_CHANGED);	/* its malloc is the process's */
	ck_assert_uint_eq(*word(GOT + 16), HOOK_F);
}
END_TEST

START_TEST(an_alias_is_the_function_where_it_is_not_called)
{
	calls[0].alias = OTHER;
	make_writable();
	*word(GOT) = OTHER;
	ck_assert_int_eq(mprotect(base + GOT, PAGE, PROT_READ), 0);
	want(true, true, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT), HOOK_M);
	want(false, false, LK_GOT_CHANGED);
	ck_assert_uint_eq(*word(GOT), OTHER);
}
END_TEST

static int slots;

static void
count(void *ctx, const struct lk_image_slot *slot)
{
	(void)ctx;
	ck_assert(lk_image_holds(&image, (uintptr_t)slot->at, 8, PF_R | PF_W));
	ck_assert_uint_lt(strlen(slot->name), 64);
	slots++;
}

static int
slots_of(void)
{
	slots = 0;
	lk_image_slots(&image, count, NULL);
	return slots;
}

/* A dynamic entry, and what it says instead. */
static const struct {
	int64_t		tag;
	uint64_t	value;
	int		slots;		/* of the four */
} damage[] = {
	{DT_SYMTAB, UINT64_MAX - 7, 0}, {DT_SYMTAB, PAGE * 64, 0}, {DT_SYMTAB, SYMBOLS + 1, 0},
	{DT_SYMTAB, DATA + PAGE - 24, 0},
	{DT_STRTAB, UINT64_MAX - 31, 0}, {DT_STRTAB, DATA + PAGE - 32, 0},
	{DT_STRSZ, 0, 0}, {DT_STRSZ, UINT64_MAX, 0}, {DT_STRSZ, 12, 1}, {DT_STRSZ, 7, 0},
	{DT_RELA, UINT64_MAX - 7, 2}, {DT_RELA, PAGE * 4, 2}, {DT_RELA, RELA + 4, 2},
	{DT_RELASZ, UINT64_MAX, 2}, {DT_RELASZ, PAGE * 4, 2}, {DT_RELASZ, 23, 2},
	{DT_RELASZ, 24, 3},
	{DT_JMPREL, (uint64_t)-(int64_t)PAGE * 2, 2}, {DT_PLTRELSZ, UINT64_MAX, 2},
	{DT_PLTRELSZ, 1, 2},
};

START_TEST(damaged_tables_give_no_slots)
{
	ElfW(Dyn) *d = (ElfW(Dyn) *)(base + DYNAMIC);
	size_t i;
	int n;

	ck_assert_int_eq(slots_of(), 4);
	for (i = 0; i < LK_COUNT_OF(damage); i++) {
		make_dynamic();
		for (n = 0; d[n].d_tag != damage[i].tag; n++)
			continue;
		d[n].d_un.d_val = damage[i].value;
		ck_assert_msg(slots_of() == damage[i].slots, "row %zu: %d", i, slots);
	}
}
END_TEST

START_TEST(damaged_relocations_are_left_out)
{
	const uint64_t offsets[] = {UINT64_MAX, PAGE * 4, PAGE * 4 - 4, 0, GOT + 1,
	    (uint64_t)1 << 63};
	size_t i;

	for (i = 0; i < LK_COUNT_OF(offsets); i++) {
		add_relocation(RELA, 0, offsets[i], 1, R_X86_64_GLOB_DAT);
		ck_assert_int_eq(slots_of(), 3);
	}
	add_relocation(RELA, 0, GOT, UINT32_MAX, R_X86_64_GLOB_DAT);
	ck_assert_int_eq(slots_of(), 3);
	add_relocation(RELA, 0, GOT, 0, R_X86_64_GLOB_DAT);
	ck_assert_int_eq(slots_of(), 3);
	add_relocation(RELA, 0, GOT, 1, R_X86_64_RELATIVE);
	ck_assert_int_eq(slots_of(), 3);
}
END_TEST

START_TEST(damaged_headers_give_nothing)
{
	uintptr_t begin, end;
	ElfW(Phdr) sound[6];

	memcpy(sound, headers, sizeof(sound));
	headers[2].p_vaddr = PAGE * 5;
	ck_assert_int_eq(slots_of(), 0);
	headers[2] = sound[2];
	headers[2].p_memsz = UINT64_MAX;
	ck_assert_int_eq(slots_of(), 0);
	headers[2] = sound[2];
	headers[2].p_memsz = 16;	/* ends before the tables are known */
	ck_assert_int_eq(slots_of(), 0);
	headers[2] = sound[2];
	headers[3].p_memsz = UINT64_MAX;
	lk_image_relro(&image, &begin, &end);
	ck_assert_uint_eq(begin, end);
	headers[3] = sound[3];
	headers[3].p_vaddr = 0;		/* text is never made writable */
	lk_image_relro(&image, &begin, &end);
	ck_assert_uint_eq(begin, end);
	headers[0].p_memsz = headers[1].p_memsz = 0;
	ck_assert(!lk_image_init(&image, (uintptr_t)base, headers, 5));
}
END_TEST

START_TEST(a_build_id_is_read_within_its_note)
{
	char id[LK_BUILD_ID_HEX_MAX];
	uint32_t note[4 + 5] = {4, 20, 3, 0x00554e47, 0x03020100, 0x07060504, 0x0b0a0908,
	    0x0f0e0d0c, 0xffee1110};

	memcpy(base + NOTE, note, sizeof(note));
	ck_assert_uint_eq(lk_image_build_id(&image, id), 40);
	ck_assert_int_eq(strncmp(id, "000102030405060708090a0b0c0d0e0f1011eeff", 40), 0);
	note[1] = 24;		/* longer than the segment */
	memcpy(base + NOTE, note, sizeof(note));
	ck_assert_uint_eq(lk_image_build_id(&image, id), 0);
	note[0] = UINT32_MAX;
	memcpy(base + NOTE, note, sizeof(note));
	ck_assert_uint_eq(lk_image_build_id(&image, id), 0);
	headers[4].p_memsz = UINT64_MAX;
	ck_assert_uint_eq(lk_image_build_id(&image, id), 0);
}
END_TEST

static Suite *
got_suite(void)
{
	Suite *s = suite_create("got");
	TCase *tc = tcase_create("got");

	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, calls_are_turned_and_given_back);
	tcase_add_test(tc, a_call_that_stays_is_not_touched);
	tcase_add_test(tc, what_another_tool_put_there_stays);
	tcase_add_test(tc, an_object_of_another_allocator_is_left_alone);
	tcase_add_test(tc, an_object_that_may_find_another_allocator_is_left_alone);
	tcase_add_test(tc, what_is_bound_already_tells_the_allocator);
	tcase_add_test(tc, an_alias_is_the_function_where_it_is_not_called);
	tcase_add_test(tc, damaged_tables_give_no_slots);
	tcase_add_test(tc, damaged_relocations_are_left_out);
	tcase_add_test(tc, damaged_headers_give_nothing);
	tcase_add_test(tc, a_build_id_is_read_within_its_note);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {got_suite, NULL};

	return lk_suites_run(suites);
}
