#include "config.h"

#include "client/elf_symbols.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text.h"

#define NOTES_MAX_BYTES (64u << 10) /* of one section */
#define CHUNK_SYMBOLS	4096u
#define NEAR_MAX	64u /* functions tried for one address */

typedef ElfW(Ehdr) ehdr;
typedef ElfW(Shdr) shdr;
typedef ElfW(Nhdr) nhdr;
typedef ElfW(Sym) sym;

/* Both classes spell it so. */
#define TYPE_OF(info) ELF64_ST_TYPE(info)
#define BIND_OF(info) ELF64_ST_BIND(info)

#define THIS_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define THIS_DATA  (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

struct function {
	uint64_t start, bytes;
	uint32_t name; /* in the string table */
	uint32_t rank; /* of those at one address the lowest is shown */
};

struct lk_elf_symbols {
	int fd;
	uint64_t file_bytes;
	shdr table, names; /* sh_size 0: none */
	bool is_full, is_loaded;
	int failure; /* of loading; 0: none */
	uint32_t count;
	struct function *functions; /* [count] by start, then rank */
	char build_id[2 * LK_ELF_BUILD_ID_MAX + 1];
};

/* Exactly COUNT bytes.  Returns: 0, -ENOEXEC beyond the end, -EIO. */
static int
read_at(const struct lk_elf_symbols *elf, uint64_t offset, void *out, size_t count)
{
	size_t done = 0;

	if (offset > elf->file_bytes || count > elf->file_bytes - offset)
		return -ENOEXEC;
	while (done < count) {
		ssize_t got = pread(elf->fd, (char *)out + done, count - done,
		    (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -EIO;
		if (got == 0)
			return -ENOEXEC; /* shorter than it was */
		done += (size_t)got;
	}
	return 0;
}

static bool
is_inside(const struct lk_elf_symbols *elf, const shdr *section)
{
	return section->sh_offset <= elf->file_bytes &&
	    section->sh_size <= elf->file_bytes - section->sh_offset;
}

/* ---- the build id -------------------------------------------------------- */

static void
keep_build_id(struct lk_elf_symbols *elf, const unsigned char *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	char *to = elf->build_id;

	for (size_t i = 0; i < count; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	*to = '\0';
}

static size_t
padded(size_t bytes, size_t align)
{
	return (bytes + align - 1) / align * align;
}

static void
find_build_id(struct lk_elf_symbols *elf, const unsigned char *notes, size_t left, size_t align)
{
	nhdr note;

	while (left >= sizeof(note)) {
		size_t name, total;

		memcpy(&note, notes, sizeof(note));
		if (note.n_namesz > left || note.n_descsz > left)
			return;
		name = sizeof(note) + padded(note.n_namesz, align);
		total = name + padded(note.n_descsz, align);
		if (name > left || note.n_descsz > left - name)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz > 0 &&
		    note.n_descsz <= LK_ELF_BUILD_ID_MAX &&
		    memcmp(notes + sizeof(note), "GNU", 4) == 0) {
			keep_build_id(elf, notes + name, note.n_descsz);
			return;
		}
		if (total >= left)
			return;
		notes += total;
		left -= total;
	}
}

static int
read_notes(struct lk_elf_symbols *elf, const shdr *section)
{
	size_t bytes = (size_t)section->sh_size;
	unsigned char *notes;
	int rc;

	if (elf->build_id[0] != '\0' || !is_inside(elf, section) || bytes > NOTES_MAX_BYTES ||
	    bytes == 0)
		return 0;
	notes = malloc(bytes);
	if (notes == NULL)
		return -ENOMEM;
	rc = read_at(elf, section->sh_offset, notes, bytes);
	if (rc == 0)
		find_build_id(elf, notes, bytes, section->sh_addralign == 8 ? 8 : 4);
	free(notes);
	return rc;
}

/* ---- sections ------------------------------------------------------------ */

/* .symtab has all that .dynsym has, and more. */
static void
take_table(struct lk_elf_symbols *elf, const shdr *sections, uint32_t count, const shdr *table)
{
	const shdr *names;

	if (elf->is_full || table->sh_entsize != sizeof(sym) || table->sh_size == 0 ||
	    table->sh_link >= count || !is_inside(elf, table))
		return;
	names = &sections[table->sh_link];
	if (names->sh_type != SHT_STRTAB || !is_inside(elf, names))
		return;
	elf->table = *table;
	elf->names = *names;
	elf->is_full = table->sh_type == SHT_SYMTAB;
}

static int
take_sections(struct lk_elf_symbols *elf, const shdr *sections, uint32_t count)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		if (sections[i].sh_type == SHT_NOTE)
			rc = read_notes(elf, &sections[i]);
		else if (sections[i].sh_type == SHT_SYMTAB || sections[i].sh_type == SHT_DYNSYM)
			take_table(elf, sections, count, &sections[i]);
	}
	return rc;
}

static int
read_sections(struct lk_elf_symbols *elf)
{
	shdr *sections;
	ehdr head;
	int rc = read_at(elf, 0, &head, sizeof(head));

	if (rc < 0)
		return rc;
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] != THIS_CLASS || head.e_ident[EI_DATA] != THIS_DATA ||
	    (head.e_type != ET_DYN && head.e_type != ET_EXEC) ||
	    head.e_shentsize != sizeof(shdr) || head.e_shnum == 0 ||
	    head.e_shnum > LK_ELF_SECTIONS_MAX)
		return -ENOEXEC;
	sections = calloc(head.e_shnum, sizeof(*sections));
	if (sections == NULL)
		return -ENOMEM;
	rc = read_at(elf, head.e_shoff, sections, head.e_shnum * sizeof(*sections));
	if (rc == 0)
		rc = take_sections(elf, sections, head.e_shnum);
	free(sections);
	return rc;
}

int
lk_elf_symbols_open(int take_fd, struct lk_elf_symbols **out)
{
	struct lk_elf_symbols *elf = calloc(1, sizeof(*elf));
	struct stat stat;
	int rc;

	if (elf == NULL) {
		close(take_fd);
		return -ENOMEM;
	}
	elf->fd = take_fd;
	rc = fstat(take_fd, &stat) < 0 ? -EIO : S_ISREG(stat.st_mode) ? 0 : -ENOEXEC;
	if (rc == 0) {
		elf->file_bytes = (uint64_t)stat.st_size;
		rc = read_sections(elf);
	}
	if (rc < 0) {
		lk_elf_symbols_close(elf);
		return rc;
	}
	*out = elf;
	return 0;
}

void
lk_elf_symbols_close(struct lk_elf_symbols *elf)
{
	if (elf == NULL)
		return;
	close(elf->fd);
	free(elf->functions);
	free(elf);
}

const char *
lk_elf_symbols_build_id(const struct lk_elf_symbols *elf)
{
	return elf->build_id;
}

bool
lk_elf_symbols_is_full(const struct lk_elf_symbols *elf)
{
	return elf->is_full;
}

/* ---- the table ----------------------------------------------------------- */

/* One without a size (assembler) may end anywhere: rather no name than a wrong one. */
static bool
is_function(const struct lk_elf_symbols *elf, const sym *s)
{
	unsigned int type = TYPE_OF(s->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF &&
	    s->st_size != 0 && s->st_name != 0 && s->st_name < elf->names.sh_size;
}

static struct function
function_of(const sym *s)
{
	static const unsigned char ranks[] = {
	    [STB_LOCAL] = 2, [STB_GLOBAL] = 0, [STB_WEAK] = 1};
	unsigned int bind = BIND_OF(s->st_info);

	return (struct function){
	    .start = s->st_value,
	    .bytes = s->st_size,
	    .name = s->st_name,
	    .rank = bind < sizeof(ranks) ? ranks[bind] : 3};
}

static int
by_start(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static int
read_functions(struct lk_elf_symbols *elf, uint64_t total, sym *chunk)
{
	for (uint64_t first = 0; first < total; first += CHUNK_SYMBOLS) {
		size_t count = total - first < CHUNK_SYMBOLS ? (size_t)(total - first) :
		    CHUNK_SYMBOLS;
		struct function *more;
		int rc = read_at(elf, elf->table.sh_offset + first * sizeof(*chunk), chunk,
		    count * sizeof(*chunk));

		if (rc < 0)
			return rc;
		more = realloc(elf->functions, (elf->count + count) * sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		elf->functions = more;
		for (size_t i = 0; i < count; i++)
			if (is_function(elf, &chunk[i]))
				more[elf->count++] = function_of(&chunk[i]);
	}
	return 0;
}

static int
load(struct lk_elf_symbols *elf)
{
	uint64_t total = elf->table.sh_size / sizeof(sym);
	sym *chunk;
	int rc;

	if (total > LK_ELF_SYMBOLS_MAX)
		return -EFBIG;
	if (total == 0)
		return 0;
	chunk = calloc(CHUNK_SYMBOLS, sizeof(*chunk));
	if (chunk == NULL)
		return -ENOMEM;
	rc = read_functions(elf, total, chunk);
	free(chunk);
	if (rc < 0) {
		free(elf->functions);
		elf->functions = NULL;
		elf->count = 0;
		return rc;
	}
	if (elf->count > 0)
		qsort(elf->functions, elf->count, sizeof(*elf->functions), by_start);
	return 0;
}

long
lk_elf_symbols_load(struct lk_elf_symbols *elf)
{
	if (!elf->is_loaded) {
		elf->failure = load(elf);
		elf->is_loaded = elf->failure != -ENOMEM; /* there may be some later */
	}
	return elf->failure < 0 ? elf->failure : (long)elf->count;
}

/* ---- one function -------------------------------------------------------- */

/* Index of the first function that starts behind ADDRESS. */
static uint32_t
first_behind(const struct lk_elf_symbols *elf, uint64_t address)
{
	uint32_t low = 0, high = elf->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (elf->functions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The name at OFFSET, or its beginning: without a version, safe for a terminal and for JSON. */
static long
read_name(const struct lk_elf_symbols *elf, uint32_t offset, char *out, size_t out_bytes)
{
	char raw[LK_ELF_NAME_BYTES];
	size_t count = sizeof(raw) - 1, length;
	int rc;

	if (count > elf->names.sh_size - offset)
		count = (size_t)(elf->names.sh_size - offset);
	rc = read_at(elf, elf->names.sh_offset + offset, raw, count);
	if (rc < 0)
		return rc;
	raw[count] = '\0';
	raw[strcspn(raw, "@")] = '\0';
	length = lk_text_clean(raw, out, out_bytes);
	return length == 0 ? -ENOENT : (long)length;
}

static bool
holds(const struct function *f, uint64_t address)
{
	return address >= f->start && address - f->start < f->bytes;
}

/* Of several names at one address the one of the lowest rank; of one rank, one that is not
 * reserved: malloc rather than __libc_malloc. */
static long
name_of(const struct lk_elf_symbols *elf, uint32_t index, uint64_t address, char *out,
	size_t out_bytes)
{
	uint64_t start = elf->functions[index].start;
	char other[LK_ELF_NAME_BYTES];
	uint32_t rank = UINT32_MAX;
	long length = -ENOENT;

	while (index > 0 && elf->functions[index - 1].start == start)
		index--;
	for (uint32_t tried = 0; tried < NEAR_MAX && index < elf->count; tried++, index++) {
		const struct function *f = &elf->functions[index];
		long more;

		if (f->start != start || (length > 0 && (f->rank != rank || out[0] != '_')))
			break;
		if (!holds(f, address))
			continue;
		more = read_name(elf, f->name, other,
		    out_bytes < sizeof(other) ? out_bytes : sizeof(other));
		if (more <= 0 || (length > 0 && other[0] == '_'))
			continue;
		memcpy(out, other, (size_t)more + 1);
		length = more;
		rank = f->rank;
	}
	return length;
}

long
lk_elf_symbols_find(struct lk_elf_symbols *elf, uint64_t address, char *out, size_t out_bytes)
{
	long count = lk_elf_symbols_load(elf);
	uint32_t behind;

	if (count < 0)
		return count;
	behind = first_behind(elf, address);
	for (uint32_t i = behind; i-- > 0 && behind - i <= NEAR_MAX;)
		if (holds(&elf->functions[i], address))
			return name_of(elf, i, address, out, out_bytes);
	return -ENOENT;
}
