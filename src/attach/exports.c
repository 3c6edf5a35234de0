#include "config.h"

#include "attach/exports.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#define HEADERS_MAX	64	/* program headers looked at */
#define DYNAMIC_MAX	256	/* entries of the dynamic section */
#define CHAIN_MAX	65536
#define NAME_MAX_BYTES	64

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#else
#define MACHINE EM_AARCH64
#endif

static bool
get(int memory, uint64_t address, void *out, size_t bytes)
{
	return pread(memory, out, bytes, (off_t)address) == (ssize_t)bytes;
}

/* The dynamic section, and the bias, from the program headers. */
static int
find_dynamic(struct lk_exports *e, uint64_t base, const ElfW(Ehdr) *header, ElfW(Phdr) *dynamic)
{
	bool has_bias = false, has_dynamic = false;
	ElfW(Phdr) p;

	for (unsigned int i = 0; i < header->e_phnum && i < HEADERS_MAX; i++) {
		if (!get(e->memory, base + header->e_phoff + i * sizeof(p), &p, sizeof(p)))
			return -ENOEXEC;
		if (p.p_type == PT_LOAD && !has_bias) {
			e->bias = base - (p.p_vaddr - p.p_offset);
			has_bias = true;
		} else if (p.p_type == PT_DYNAMIC) {
			*dynamic = p;
			has_dynamic = true;
		}
	}
	return has_bias && has_dynamic ? 0 : -ENOEXEC;
}

/* The loader has made most of these addresses of memory; not those of what is mapped read-only. */
static uint64_t
in_memory(const struct lk_exports *e, uint64_t value)
{
	return value < e->bias ? value + e->bias : value;
}

static int
read_dynamic(struct lk_exports *e, const ElfW(Phdr) *dynamic)
{
	ElfW(Dyn) entry;

	for (unsigned int i = 0; i < DYNAMIC_MAX; i++) {
		if (!get(e->memory, e->bias + dynamic->p_vaddr + i * sizeof(entry), &entry,
		    sizeof(entry)) || entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_SYMTAB)
			e->symbols = in_memory(e, entry.d_un.d_ptr);
		else if (entry.d_tag == DT_STRTAB)
			e->strings = in_memory(e, entry.d_un.d_ptr);
		else if (entry.d_tag == DT_STRSZ)
			e->strings_bytes = entry.d_un.d_val;
		else if (entry.d_tag == DT_GNU_HASH)
			e->hash = in_memory(e, entry.d_un.d_ptr);
	}
	return e->symbols != 0 && e->strings != 0 && e->hash != 0 ? 0 : -ENOEXEC;
}

int
lk_exports_open(int memory, uint64_t base, struct lk_exports *out)
{
	struct lk_exports e = {.memory = memory};
	ElfW(Phdr) dynamic = {0};
	ElfW(Ehdr) header;
	int rc;

	if (!get(memory, base, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE ||
	    header.e_phentsize != sizeof(dynamic))
		return -ENOEXEC;
	rc = find_dynamic(&e, base, &header, &dynamic);
	if (rc == 0)
		rc = read_dynamic(&e, &dynamic);
	if (rc == 0)
		*out = e;
	return rc;
}

static uint32_t
hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name != '\0'; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/* What is to be called must be code here: an indirect one would be asked for its address first. */
static uint64_t
address_of(const struct lk_exports *e, uint32_t index, const char *name)
{
	char found[NAME_MAX_BYTES];
	size_t length = strlen(name) + 1;
	unsigned int type;
	ElfW(Sym) s;

	if (length > sizeof(found) ||
	    !get(e->memory, e->symbols + index * sizeof(s), &s, sizeof(s)) ||
	    s.st_shndx == SHN_UNDEF || s.st_name >= e->strings_bytes ||
	    !get(e->memory, e->strings + s.st_name, found, length) ||
	    memcmp(found, name, length) != 0)
		return 0;
	type = ELF64_ST_TYPE(s.st_info);
	return type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE ?
	    e->bias + s.st_value : 0;
}

uint64_t
lk_exports_find(const struct lk_exports *e, const char *name)
{
	uint32_t head[4], index, value, wanted = hash_of(name);
	uint64_t buckets, chains, found;

	if (!get(e->memory, e->hash, head, sizeof(head)) || head[0] == 0)
		return 0;
	buckets = e->hash + sizeof(head) + (uint64_t)head[2] * sizeof(ElfW(Addr));
	chains = buckets + (uint64_t)head[0] * sizeof(uint32_t);
	if (!get(e->memory, buckets + (uint64_t)(wanted % head[0]) * sizeof(index), &index,
	    sizeof(index)) || index < head[1])
		return 0;
	for (uint32_t end = index + CHAIN_MAX; index < end; index++) {
		if (!get(e->memory, chains + (uint64_t)(index - head[1]) * sizeof(value), &value,
		    sizeof(value)))
			return 0;
		found = (value | 1) == (wanted | 1) ? address_of(e, index, name) : 0;
		if (found != 0 || (value & 1) != 0)
			return found;
	}
	return 0;
}
