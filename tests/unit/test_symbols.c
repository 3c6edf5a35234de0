/* ELF symbols: against nm for libraries of this machine, against files made here with and without
 * what matters, and against every lie about a header. */
#include "config.h"

#include "suites.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/elf_symbols.h"
#include "client/native_names.h"

#include "faults.h"

#define COMMAND_BYTES 1024
#define NM_MAX	      60000

static const char source_text[] =
    "#ifndef FACTOR\n"
    "#define FACTOR 3\n"
    "#endif\n"
    "static __attribute__((noinline)) int hidden(int x) { return x * FACTOR + 1; }\n"
    "int shown(int x) { return hidden(x) + hidden(x + 1); }\n"
    "int also_shown(int) __attribute__((alias(\"shown\")));\n"
    "int _reserved(int) __attribute__((alias(\"shown\")));\n";

static char folder[] = "/tmp/lk-symbols-XXXXXX";
static char path[COMMAND_BYTES], name[LK_ELF_NAME_BYTES];

/* ---- files made here ------------------------------------------------------- */

static void LK_PRINTF(1, 2)
run(const char *format, ...)
{
	char command[COMMAND_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	ck_assert_msg(system(command) == 0, "failed: %s", command);
}

static const char *
at(const char *file)
{
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return path;
}

/* whole.so has all; bare.so is it stripped; nameless.so has no build id; debug/.. is the debug
 * file of whole.so; other.so differs, so has another build id. */
static void
make_files(void)
{
	const char *cc = getenv("CC") != NULL ? getenv("CC") : "cc";
	struct lk_elf_symbols *elf;
	char id[2 * LK_ELF_BUILD_ID_MAX + 1];
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	file = fopen(at("a.c"), "we");
	ck_assert_ptr_nonnull(file);
	fputs(source_text, file);
	fclose(file);
	run("%s -O1 -shared -fPIC -Wl,--build-id=sha1 -o %s/whole.so %s/a.c", cc, folder, folder);
	run("%s -O1 -shared -fPIC -Wl,--build-id=none -o %s/nameless.so %s/a.c", cc, folder,
	    folder);
	run("strip -o %s/bare.so %s/whole.so", folder, folder);
	run("%s -O1 -DFACTOR=5 -Dhidden=impostor -shared -fPIC -Wl,--build-id=sha1 -o %s/other.so "
	    "%s/a.c", cc, folder, folder);
	ck_assert_int_eq(lk_elf_symbols_open(open(at("whole.so"), O_RDONLY | O_CLOEXEC), &elf), 0);
	strcpy(id, lk_elf_symbols_build_id(elf));
	lk_elf_symbols_close(elf);
	ck_assert_uint_eq(strlen(id), 40);
	run("mkdir -p %s/debug/.build-id/%.2s", folder, id);
	run("objcopy --only-keep-debug %s/whole.so %s/debug/.build-id/%.2s/%s.debug", folder,
	    folder, id, id + 2);
}

static void
remove_files(void)
{
	run("rm -r %s", folder);
}

static struct lk_elf_symbols *
open_file(const char *file)
{
	struct lk_elf_symbols *elf = NULL;
	int rc = lk_elf_symbols_open(open(file, O_RDONLY | O_CLOEXEC), &elf);

	ck_assert_msg(rc == 0, "%s: %d", file, rc);
	return elf;
}

/* ---- nm ------------------------------------------------------------------- */

struct known {
	uint64_t start, bytes;
	char type;
	char name[LK_ELF_NAME_BYTES];
};

static struct known *known;
static size_t known_count;

static void
ask_nm(const char *options, const char *file)
{
	char command[COMMAND_BYTES];
	struct known *k;
	char *line = NULL;
	size_t capacity = 0;
	FILE *nm;

	known = realloc(known, NM_MAX * sizeof(*known));
	ck_assert_ptr_nonnull(known);
	known_count = 0;
	snprintf(command, sizeof(command), "nm -S --defined-only %s %s", options, file);
	nm = popen(command, "re");
	ck_assert_ptr_nonnull(nm);
	while (getline(&line, &capacity, nm) > 0) {
		k = &known[known_count];
		if (sscanf(line, "%lx %lx %c %511s", &k->start, &k->bytes, &k->type, k->name) != 4)
			continue;
		k->name[strcspn(k->name, "@")] = '\0';
		if (strchr("TtWwi", k->type) != NULL && k->bytes > 0 && known_count + 1 < NM_MAX)
			known_count++;
	}
	free(line);
	ck_assert_int_eq(pclose(nm), 0);
}

/* Does nm know a function of that name (any, if NULL) there? */
static bool
nm_knows(uint64_t address, const char *wanted)
{
	for (size_t i = 0; i < known_count; i++)
		if (address >= known[i].start && address - known[i].start < known[i].bytes &&
		    (wanted == NULL || strcmp(known[i].name, wanted) == 0))
			return true;
	return false;
}

static void
expect_as_nm(struct lk_elf_symbols *elf, uint64_t address, const char *file)
{
	long length = lk_elf_symbols_find(elf, address, name, sizeof(name));

	if (length == -ENOENT)
		ck_assert_msg(!nm_knows(address, NULL), "%s+%#lx is not found", file, address);
	else
		ck_assert_msg(length > 0 && nm_knows(address, name), "%s+%#lx is %s? (%ld)", file,
		    address, name, length);
}

static void
compare(const char *file)
{
	struct lk_elf_symbols *elf = open_file(file);

	ask_nm(lk_elf_symbols_is_full(elf) ? "" : "-D", file);
	ck_assert_msg(known_count > 0, "nm knows nothing of %s", file);
	ck_assert_int_gt(lk_elf_symbols_load(elf), 0);
	for (size_t i = 0; i < known_count; i++) {
		expect_as_nm(elf, known[i].start, file);
		expect_as_nm(elf, known[i].start + known[i].bytes / 2, file);
		expect_as_nm(elf, known[i].start + known[i].bytes - 1, file);
		expect_as_nm(elf, known[i].start + known[i].bytes, file);
		expect_as_nm(elf, known[i].start - 1, file);
	}
	printf("%s: %zu functions as nm\n", file, known_count);
	lk_elf_symbols_close(elf);
}

/* The libraries that this program and Python have, by their real paths. */
static const char *const libraries[] = {"libc.so.6", "libz.so.1", "libm.so.6", "libxml2.so.2",
    "libjansson.so.4", "libncursesw.so.6"};

START_TEST(libraries_of_this_machine_are_as_nm_says)
{
	static const char *const folders[] = {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
	    "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64"};
	char file[COMMAND_BYTES];

	for (size_t i = 0; i < LK_COUNT_OF(folders); i++) {
		snprintf(file, sizeof(file), "%s/%s", folders[i], libraries[_i]);
		if (access(file, R_OK) != 0)
			continue;
		compare(file);
		return;
	}
	ck_assert_msg(_i != 0, "not even libc.so.6 is found");
}
END_TEST

START_TEST(files_made_here_are_as_nm_says)
{
	compare(at("whole.so"));
	compare(at("bare.so"));
	compare(at("nameless.so"));
	memset(path, 0, sizeof(path));
	ck_assert_int_gt(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
	compare(path);
}
END_TEST

/* ---- what a file has ------------------------------------------------------ */

static uint64_t
address_of(const char *symbol)
{
	ask_nm("", at("whole.so"));
	for (size_t i = 0; i < known_count; i++)
		if (strcmp(known[i].name, symbol) == 0)
			return known[i].start;
	ck_abort_msg("nm knows no %s", symbol);
	return 0;
}

START_TEST(static_functions_are_in_a_full_table_only)
{
	struct lk_elf_symbols *whole = open_file(at("whole.so")), *bare = open_file(at("bare.so"));
	uint64_t hidden = address_of("hidden"), shown = address_of("shown");

	ck_assert(lk_elf_symbols_is_full(whole));
	ck_assert(!lk_elf_symbols_is_full(bare));
	ck_assert_str_eq(lk_elf_symbols_build_id(whole), lk_elf_symbols_build_id(bare));
	ck_assert_int_eq(lk_elf_symbols_find(whole, hidden, name, sizeof(name)), 6);
	ck_assert_str_eq(name, "hidden");
	ck_assert_int_eq(lk_elf_symbols_find(bare, hidden, name, sizeof(name)), -ENOENT);
	ck_assert_int_gt(lk_elf_symbols_find(bare, shown + 1, name, sizeof(name)), 0);
	ck_assert(strcmp(name, "shown") == 0 || strcmp(name, "also_shown") == 0);
	lk_elf_symbols_close(whole);
	lk_elf_symbols_close(bare);
}
END_TEST

START_TEST(a_name_without_room_is_cut)
{
	struct lk_elf_symbols *elf = open_file(at("whole.so"));
	uint64_t hidden = address_of("hidden");

	ck_assert_int_eq(lk_elf_symbols_find(elf, hidden, name, 4), 3);
	ck_assert_str_eq(name, "hid");
	ck_assert_int_eq(lk_elf_symbols_find(elf, UINT64_MAX, name, sizeof(name)), -ENOENT);
	ck_assert_int_eq(lk_elf_symbols_find(elf, 0, name, sizeof(name)), -ENOENT);
	lk_elf_symbols_close(elf);
	elf = open_file(at("nameless.so"));
	ck_assert_str_eq(lk_elf_symbols_build_id(elf), "");
	lk_elf_symbols_close(elf);
}
END_TEST

START_TEST(what_is_no_elf_file_is_refused)
{
	struct lk_elf_symbols *elf = NULL;

	ck_assert_int_eq(lk_elf_symbols_open(open(at("a.c"), O_RDONLY | O_CLOEXEC), &elf),
	    -ENOEXEC);
	ck_assert_int_eq(lk_elf_symbols_open(open("/dev/null", O_RDONLY | O_CLOEXEC), &elf),
	    -ENOEXEC);
	ck_assert_int_eq(lk_elf_symbols_open(open(folder, O_RDONLY | O_CLOEXEC), &elf), -ENOEXEC);
	ck_assert_int_eq(lk_elf_symbols_open(-1, &elf), -EIO);
	ck_assert_ptr_null(elf);
}
END_TEST

/* ---- lies ----------------------------------------------------------------- */

static unsigned char *image;
static size_t image_bytes;
static ElfW(Ehdr) head;

static void
read_image(const char *file)
{
	struct stat stat_buf;
	int fd = open(at(file), O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(fstat(fd, &stat_buf), 0);
	image_bytes = (size_t)stat_buf.st_size;
	image = malloc(image_bytes);
	ck_assert_ptr_nonnull(image);
	ck_assert_int_eq(read(fd, image, image_bytes), (ssize_t)image_bytes);
	close(fd);
	memcpy(&head, image, sizeof(head));
}

/* A file of COUNT bytes of the image: anything but a fault is right. */
static int
try_image(size_t count)
{
	struct lk_elf_symbols *elf = NULL;
	int fd = memfd_create("lie", MFD_CLOEXEC), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, image, count), (ssize_t)count);
	rc = lk_elf_symbols_open(fd, &elf);
	if (rc < 0) {
		ck_assert_int_eq(rc, -ENOEXEC);
		return rc;
	}
	ck_assert_uint_le(strlen(lk_elf_symbols_build_id(elf)), (size_t)2 * LK_ELF_BUILD_ID_MAX);
	for (uint64_t address = 0x1000; address < 0x1200; address += 16)
		if (lk_elf_symbols_find(elf, address, name, sizeof(name)) > 0)
			ck_assert_uint_lt(strlen(name), sizeof(name));
	lk_elf_symbols_close(elf);
	return 0;
}

START_TEST(a_file_cut_anywhere_is_no_fault)
{
	size_t table;

	read_image("whole.so");
	table = head.e_shnum * sizeof(ElfW(Shdr));
	ck_assert_uint_eq(head.e_shoff + table, image_bytes);
	for (size_t cut = 0; cut <= sizeof(head); cut++)
		ck_assert_int_eq(try_image(cut), -ENOEXEC);
	for (size_t cut = sizeof(head); cut < image_bytes; cut += 61)
		ck_assert_int_eq(try_image(cut), -ENOEXEC);
	for (size_t cut = image_bytes - table - 8; cut < image_bytes; cut++)
		ck_assert_int_eq(try_image(cut), -ENOEXEC);
	ck_assert_int_eq(try_image(image_bytes), 0);
	free(image);
}
END_TEST

static void
lie_at(size_t offset)
{
	static const unsigned char lies[] = {0, 1, 0x7f, 0x80, 0xff};
	unsigned char saved = image[offset];

	for (size_t i = 0; i < sizeof(lies); i++) {
		image[offset] = lies[i];
		try_image(image_bytes);
	}
	image[offset] = saved;
}

/* Every byte of the header, of the sections' table, of notes and of symbols. */
START_TEST(a_lying_byte_is_no_fault)
{
	const ElfW(Shdr) *sections;

	read_image("whole.so");
	sections = (const void *)(image + head.e_shoff);
	for (size_t i = 0; i < sizeof(head); i++)
		lie_at(i);
	for (size_t i = head.e_shoff; i < image_bytes; i++)
		lie_at(i);
	for (int i = 0; i < head.e_shnum; i++)
		if (sections[i].sh_type == SHT_NOTE || sections[i].sh_type == SHT_SYMTAB)
			for (size_t k = 0; k < sections[i].sh_size; k += 3)
				lie_at(sections[i].sh_offset + k);
	free(image);
}
END_TEST

START_TEST(counts_beyond_a_cap_are_refused)
{
	ElfW(Shdr) *sections;
	struct lk_elf_symbols *elf;
	int fd;

	read_image("whole.so");
	sections = (void *)(image + head.e_shoff);
	for (int i = 0; i < head.e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB) {
			sections[i].sh_offset = 0;
			sections[i].sh_size = (LK_ELF_SYMBOLS_MAX + 1ull) * sizeof(ElfW(Sym));
		}
	fd = memfd_create("huge", MFD_CLOEXEC);
	ck_assert_int_eq(write(fd, image, image_bytes), (ssize_t)image_bytes);
	ck_assert_int_eq(ftruncate(fd, 1 << 30), 0);
	ck_assert_int_eq(lk_elf_symbols_open(fd, &elf), 0);
	ck_assert_int_eq(lk_elf_symbols_load(elf), -EFBIG);
	ck_assert_int_eq(lk_elf_symbols_find(elf, 0x1100, name, sizeof(name)), -EFBIG);
	lk_elf_symbols_close(elf);
	free(image);
}
END_TEST

/* ---- names of frames ------------------------------------------------------ */

static char debug_folder[COMMAND_BYTES], build_id[2 * LK_ELF_BUILD_ID_MAX + 1];

static struct lk_native_names *
names_of(pid_t pid, const char *debug)
{
	struct lk_elf_symbols *elf = open_file(at("whole.so"));
	struct lk_native_names *names;

	strcpy(build_id, lk_elf_symbols_build_id(elf));
	lk_elf_symbols_close(elf);
	snprintf(debug_folder, sizeof(debug_folder), "%s/%s", folder, debug);
	names = lk_native_names_new(pid, debug_folder);
	ck_assert_ptr_nonnull(names);
	return names;
}

static const char *
text_of(struct lk_native_names *names, const char *id, const char *object, uint64_t address)
{
	return lk_native_names_text(names, id, object, address, name, sizeof(name));
}

static void
expect_place(struct lk_native_names *names, const char *id, const char *file, uint64_t address)
{
	char place[COMMAND_BYTES];

	snprintf(place, sizeof(place), "%s+0x%lx", file, address);
	ck_assert_str_eq(text_of(names, id, at(file), address), place);
}

/* The instruction before a return address decides: at a function's first byte it is another's. */
START_TEST(a_return_address_belongs_to_the_call)
{
	struct lk_native_names *names = names_of(getpid(), "nothing");
	uint64_t hidden = address_of("hidden");

	ck_assert_str_eq(text_of(names, build_id, at("whole.so"), hidden + 1), "hidden");
	ck_assert_str_ne(text_of(names, build_id, at("whole.so"), hidden), "hidden");
	ck_assert_str_eq(text_of(names, build_id, "", 0), "(code outside of any file)");
	expect_place(names, build_id, "whole.so", 0);
	lk_native_names_free(names);
}
END_TEST

START_TEST(another_build_has_no_names)
{
	struct lk_native_names *names = names_of(getpid(), "nothing");
	uint64_t shown = address_of("shown") + 2;

	expect_place(names, "00000000000000000000", "whole.so", shown);
	expect_place(names, "", "whole.so", shown);
	expect_place(names, build_id, "other.so", shown);
	expect_place(names, build_id, "a.c", shown);
	expect_place(names, build_id, "gone.so", shown);
	expect_place(names, build_id, "debug", shown);
	expect_place(NULL, build_id, "whole.so", shown);
	lk_native_names_free(names);
	names = names_of(0, "nothing");
	expect_place(names, build_id, "whole.so", shown);
	lk_native_names_free(names);
}
END_TEST

START_TEST(the_debug_file_has_static_functions)
{
	uint64_t hidden = address_of("hidden") + 2;
	struct lk_native_names *names = names_of(getpid(), "nothing");

	expect_place(names, build_id, "bare.so", hidden);
	lk_native_names_free(names);
	names = names_of(getpid(), "debug");
	ck_assert_str_eq(text_of(names, build_id, at("bare.so"), hidden), "hidden");
	ck_assert_str_eq(text_of(names, build_id, at("gone.so"), hidden), "hidden");
	expect_place(names, "../../../../etc/passwd", "bare.so", hidden);
	lk_native_names_free(names);
}
END_TEST

static void *
map(const char *file)
{
	int fd = open(at(file), O_RDONLY | O_CLOEXEC);
	void *mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	ck_assert_ptr_ne(mapping, MAP_FAILED);
	close(fd);
	return mapping;
}

START_TEST(without_a_build_id_only_the_mapped_file_counts)
{
	struct lk_native_names *names = names_of(getpid(), "nothing");
	uint64_t shown = address_of("shown") + 2;
	void *mapping;

	expect_place(names, "", "nameless.so", shown);
	lk_native_names_free(names);
	mapping = map("nameless.so");
	names = names_of(getpid(), "nothing");
	text_of(names, "", at("nameless.so"), shown);
	ck_assert_msg(strcmp(name, "shown") == 0 || strcmp(name, "also_shown") == 0, "%s", name);
	lk_native_names_free(names);
	munmap(mapping, 4096);
}
END_TEST

/* As an upgrade does it: another file under the same name.  Root can still read what is mapped. */
START_TEST(a_replaced_library_never_has_the_new_names)
{
	struct lk_native_names *names;
	uint64_t hidden = address_of("hidden") + 2;
	void *mapping;

	run("cp %s/whole.so %s/moving.so && cp %s/other.so %s/next.so", folder, folder, folder,
	    folder);
	mapping = map("moving.so");
	run("mv %s/next.so %s/moving.so", folder, folder);
	names = names_of(getpid(), "nothing");
	text_of(names, build_id, at("moving.so"), hidden);
	ck_assert_msg(strcmp(name, "hidden") == 0 || strncmp(name, "moving.so+0x", 12) == 0,
	    "%s", name);
	lk_native_names_free(names);
	munmap(mapping, 4096);
}
END_TEST

START_TEST(a_pipe_does_not_block)
{
	struct lk_native_names *names = names_of(getpid(), "nothing");

	ck_assert_int_eq(mkfifo(at("pipe.so"), 0600), 0);
	expect_place(names, build_id, "pipe.so", 4096);
	lk_native_names_free(names);
	unlink(at("pipe.so"));
}
END_TEST

/* Thousands of frames are named when a client connects: what that takes is printed. */
START_TEST(ten_thousand_frames_are_named)
{
	struct lk_native_names *names = names_of(getpid(), "nothing");
	uint64_t first = address_of("hidden");
	struct timespec start, end;
	unsigned int named = 0;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (uint64_t i = 0; i < 10000; i++) {
		const char *file = i % 2 == 0 ? "whole.so" : "bare.so";

		named += strchr(text_of(names, build_id, at(file), first + 1 + i % 8), '+') == NULL;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	printf("10000 frames of two objects: %.1f ms\n",
	    (double)(end.tv_sec - start.tv_sec) * 1e3 +
	    (double)(end.tv_nsec - start.tv_nsec) / 1e6);
	ck_assert_uint_ge(named, 5000);
	lk_native_names_free(names);
}
END_TEST

START_TEST(more_objects_than_there_is_room_for_have_places)
{
	struct lk_native_names *names = names_of(getpid(), "nothing");
	uint64_t hidden = address_of("hidden") + 2;
	char file[32];

	for (unsigned int i = 0; i < LK_NATIVE_OBJECTS_MAX; i++) {
		snprintf(file, sizeof(file), "none%u.so", i);
		expect_place(names, build_id, file, hidden);
	}
	expect_place(names, build_id, "whole.so", hidden);
	lk_native_names_free(names);
}
END_TEST

/* A failed allocation may cost a symbol, and never gives a wrong one. */
START_TEST(every_failed_allocation_gives_a_place)
{
	uint64_t hidden = address_of("hidden") + 2;
	unsigned int nth;
	bool hit = true;

	lk_native_names_free(names_of(getpid(), "debug"));
	at("bare.so");
	for (nth = 1; hit; nth++) {
		struct lk_native_names *names;

		lk_faults_arm(nth);
		names = lk_native_names_new(getpid(), debug_folder);
		name[0] = '\0';
		if (names != NULL)
			text_of(names, build_id, path, hidden);
		hit = lk_faults_hit();
		ck_assert_msg(names == NULL || strcmp(name, "hidden") == 0 ||
		    strncmp(name, "bare.so+0x", 10) == 0, "%s", name);
		lk_native_names_free(names);
	}
	ck_assert_uint_gt(nth, 8);
	ck_assert_str_eq(name, "hidden");
}
END_TEST

static Suite *
symbols_suite(void)
{
	Suite *s = suite_create("symbols");
	TCase *tc = tcase_create("symbols");

	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, make_files, remove_files);
	tcase_add_loop_test(tc, libraries_of_this_machine_are_as_nm_says, 0,
	    (int)LK_COUNT_OF(libraries));
	tcase_add_test(tc, files_made_here_are_as_nm_says);
	tcase_add_test(tc, static_functions_are_in_a_full_table_only);
	tcase_add_test(tc, a_name_without_room_is_cut);
	tcase_add_test(tc, what_is_no_elf_file_is_refused);
	tcase_add_test(tc, a_file_cut_anywhere_is_no_fault);
	tcase_add_test(tc, a_lying_byte_is_no_fault);
	tcase_add_test(tc, counts_beyond_a_cap_are_refused);
	tcase_add_test(tc, a_return_address_belongs_to_the_call);
	tcase_add_test(tc, another_build_has_no_names);
	tcase_add_test(tc, the_debug_file_has_static_functions);
	tcase_add_test(tc, without_a_build_id_only_the_mapped_file_counts);
	tcase_add_test(tc, a_replaced_library_never_has_the_new_names);
	tcase_add_test(tc, a_pipe_does_not_block);
	tcase_add_test(tc, ten_thousand_frames_are_named);
	tcase_add_test(tc, more_objects_than_there_is_room_for_have_places);
	tcase_add_test(tc, every_failed_allocation_gives_a_place);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {symbols_suite, NULL};

	return lk_suites_run(suites);
}
