#include "config.h"

#include "sampler/native/image.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

/* Relocations whose word holds the plain address of a symbol. */
#if defined(__x86_64__)
enum { TYPE_JUMP_SLOT = R_X86_64_JUMP_SLOT, TYPE_GLOB_DAT = R_X86_64_GLOB_DAT,
	TYPE_WORD = R_X86_64_64 };
#elif defined(__aarch64__)
enum { TYPE_JUMP_SLOT = R_AARCH64_JUMP_SLOT, TYPE_GLOB_DAT = R_AARCH64_GLOB_DAT,
	TYPE_WORD = R_AARCH64_ABS64 };
#else
enum { TYPE_JUMP_SLOT = -1, TYPE_GLOB_DAT = -1, TYPE_WORD = -1 };
#endif

#define NOTE_BUILD_ID	3u	/* NT_GNU_BUILD_ID */

/* What the dynamic section points to. */
struct tables {
	uintptr_t	rela, rel, jmprel, symtab, strtab;
	size_t		rela_bytes, rel_bytes, jmprel_bytes, strtab_bytes;
	bool		jmprel_is_rela;
};

bool
lk_image_init(struct lk_image *out, uintptr_t bias, const ElfW(Phdr) *phdr, uint16_t phnum)
{
	uintptr_t begin, end;
	uint16_t i;

	*out = (struct lk_image){bias, phdr, phnum, UINTPTR_MAX, 0};
	for (i = 0; i < phnum; i++) {
		if (phdr[i].p_type != PT_LOAD || phdr[i].p_memsz == 0)
			continue;
		begin = bias + phdr[i].p_vaddr;
		if (__builtin_add_overflow(begin, phdr[i].p_memsz, &end))
			continue;
		if (begin < out->begin)
			out->begin = begin;
		if (end > out->end)
			out->end = end;
	}
	return out->begin < out->end;
}

bool
lk_image_holds(const struct lk_image *image, uintptr_t address, size_t bytes, uint32_t flags)
{
	const ElfW(Phdr) *p;
	uintptr_t begin;
	uint16_t i;

	for (i = 0; i < image->phnum; i++) {
		p = &image->phdr[i];
		begin = image->bias + p->p_vaddr;
		if (p->p_type == PT_LOAD && (p->p_flags & flags) == flags &&
		    address - begin < p->p_memsz && bytes <= p->p_memsz - (address - begin))
			return true;
	}
	return false;
}

static const ElfW(Phdr) *
find_header(const struct lk_image *image, uint32_t type)
{
	uint16_t i;

	for (i = 0; i < image->phnum; i++)
		if (image->phdr[i].p_type == type)
			return &image->phdr[i];
	return NULL;
}

/* glibc adds the bias to the pointers of most objects, not to those of the vdso. */
static uintptr_t
absolute(const struct lk_image *image, uintptr_t pointer)
{
	return pointer >= image->begin && pointer < image->end ? pointer : image->bias + pointer;
}

static void
note_entry(const struct lk_image *image, const ElfW(Dyn) *d, struct tables *out)
{
	uintptr_t pointer = absolute(image, d->d_un.d_ptr);

	switch (d->d_tag) {
	case DT_RELA: out->rela = pointer; break;
	case DT_RELASZ: out->rela_bytes = d->d_un.d_val; break;
	case DT_REL: out->rel = pointer; break;
	case DT_RELSZ: out->rel_bytes = d->d_un.d_val; break;
	case DT_JMPREL: out->jmprel = pointer; break;
	case DT_PLTRELSZ: out->jmprel_bytes = d->d_un.d_val; break;
	case DT_PLTREL: out->jmprel_is_rela = d->d_un.d_val == DT_RELA; break;
	case DT_SYMTAB: out->symtab = pointer; break;
	case DT_STRTAB: out->strtab = pointer; break;
	case DT_STRSZ: out->strtab_bytes = d->d_un.d_val; break;
	default: break;
	}
}

/* A table that is not inside the object is no table. */
static void
drop_outside(const struct lk_image *image, const uintptr_t *table, size_t *bytes)
{
	if (*bytes != 0 && (*table % sizeof(uintptr_t) != 0 ||
	    !lk_image_holds(image, *table, *bytes, PF_R)))
		*bytes = 0;
}

static bool
read_tables(const struct lk_image *image, struct tables *out)
{
	const ElfW(Phdr) *header = find_header(image, PT_DYNAMIC);
	const ElfW(Dyn) *d;
	uintptr_t at;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (header == NULL)
		return false;
	at = image->bias + header->p_vaddr;
	if (at % sizeof(uintptr_t) != 0 || !lk_image_holds(image, at, header->p_memsz, PF_R))
		return false;
	for (d = (const ElfW(Dyn) *)at, i = 0; i < header->p_memsz / sizeof(*d) &&
	    d[i].d_tag != DT_NULL; i++)
		note_entry(image, &d[i], out);
	drop_outside(image, &out->rela, &out->rela_bytes);
	drop_outside(image, &out->rel, &out->rel_bytes);
	drop_outside(image, &out->jmprel, &out->jmprel_bytes);
	return out->strtab_bytes != 0 && out->symtab % sizeof(uintptr_t) == 0 &&
	    lk_image_holds(image, out->strtab, out->strtab_bytes, PF_R);
}

/* The name of symbol NUMBER when another object defines it; NULL otherwise. */
static const char *
name_of(const struct lk_image *image, const struct tables *t, size_t number)
{
	const ElfW(Sym) *symbol;
	const char *name;
	uintptr_t at;

	if (number == 0 || __builtin_mul_overflow(number, sizeof(*symbol), &at) ||
	    __builtin_add_overflow(t->symtab, at, &at) ||
	    !lk_image_holds(image, at, sizeof(*symbol), PF_R))
		return NULL;
	symbol = (const ElfW(Sym) *)at;
	if (symbol->st_shndx != SHN_UNDEF || symbol->st_name == 0 ||
	    symbol->st_name >= t->strtab_bytes)
		return NULL;
	name = (const char *)t->strtab + symbol->st_name;
	return memchr(name, '\0', t->strtab_bytes - symbol->st_name) == NULL ? NULL : name;
}

static void
visit(const struct lk_image *image, const struct tables *t, uintptr_t offset, uint64_t info,
    lk_image_slot_fn each, void *ctx)
{
	uint32_t type = (uint32_t)(info & 0xffffffffu);
	uintptr_t at = image->bias + offset;
	struct lk_image_slot slot;

	if (type != TYPE_JUMP_SLOT && type != TYPE_GLOB_DAT && type != TYPE_WORD)
		return;
	slot.name = name_of(image, t, (size_t)(info >> 32));
	if (slot.name == NULL || at % sizeof(uintptr_t) != 0 ||
	    !lk_image_holds(image, at, sizeof(uintptr_t), PF_R | PF_W))
		return;
	slot.at = (uintptr_t *)at;
	slot.lazy = type == TYPE_JUMP_SLOT;
	slot.is_data = type == TYPE_WORD;
	each(ctx, &slot);
}

static void
visit_rela(const struct lk_image *image, const struct tables *t, uintptr_t table, size_t bytes,
    lk_image_slot_fn each, void *ctx)
{
	const ElfW(Rela) *r = (const ElfW(Rela) *)table;
	size_t i;

	for (i = 0; i < bytes / sizeof(*r); i++)
		if (r[i].r_addend == 0)
			visit(image, t, r[i].r_offset, r[i].r_info, each, ctx);
}

static void
visit_rel(const struct lk_image *image, const struct tables *t, uintptr_t table, size_t bytes,
    lk_image_slot_fn each, void *ctx)
{
	const ElfW(Rel) *r = (const ElfW(Rel) *)table;
	size_t i;

	for (i = 0; i < bytes / sizeof(*r); i++)
		visit(image, t, r[i].r_offset, r[i].r_info, each, ctx);
}

void
lk_image_slots(const struct lk_image *image, lk_image_slot_fn each, void *ctx)
{
	struct tables t;

	if (!read_tables(image, &t))
		return;
	visit_rela(image, &t, t.rela, t.rela_bytes, each, ctx);
	visit_rel(image, &t, t.rel, t.rel_bytes, each, ctx);
	if (t.jmprel_is_rela)
		visit_rela(image, &t, t.jmprel, t.jmprel_bytes, each, ctx);
	else
		visit_rel(image, &t, t.jmprel, t.jmprel_bytes, each, ctx);
}

/* The loader rounds both ends down: a page that is shared with data stays writable. */
void
lk_image_relro(const struct lk_image *image, uintptr_t *begin_out, uintptr_t *end_out)
{
	const ElfW(Phdr) *header = find_header(image, PT_GNU_RELRO);
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at;

	*begin_out = *end_out = 0;
	if (header == NULL)
		return;
	at = image->bias + header->p_vaddr;
	if (!lk_image_holds(image, at, header->p_memsz, PF_R | PF_W))
		return;
	*begin_out = at & ~(page - 1);
	*end_out = (at + header->p_memsz) & ~(page - 1);
	if (*end_out < *begin_out)
		*end_out = *begin_out;
}

static size_t
to_hex(const uint8_t *bytes, size_t count, char out[LK_BUILD_ID_HEX_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (count > LK_BUILD_ID_HEX_MAX / 2)
		count = LK_BUILD_ID_HEX_MAX / 2;
	for (i = 0; i < count; i++) {
		out[i * 2] = digits[bytes[i] >> 4];
		out[i * 2 + 1] = digits[bytes[i] & 15];
	}
	return count * 2;
}

/* One segment of notes: name size, description size, type, then both, each padded to 4. */
static size_t
build_id_in(const uint8_t *notes, size_t bytes, char out[LK_BUILD_ID_HEX_MAX])
{
	uint32_t head[3];
	size_t at = 0, name, description;

	while (bytes - at >= sizeof(head)) {
		memcpy(head, notes + at, sizeof(head));
		at += sizeof(head);
		name = ((size_t)head[0] + 3) & ~(size_t)3;
		description = ((size_t)head[1] + 3) & ~(size_t)3;
		if (name > bytes - at || description > bytes - at - name)
			return 0;
		if (head[2] == NOTE_BUILD_ID && head[0] == 4 &&
		    memcmp(notes + at, "GNU", 4) == 0)
			return to_hex(notes + at + name, head[1], out);
		at += name + description;
	}
	return 0;
}

size_t
lk_image_build_id(const struct lk_image *image, char out[LK_BUILD_ID_HEX_MAX])
{
	const ElfW(Phdr) *p;
	size_t digits = 0;
	uint16_t i;

	for (i = 0; i < image->phnum && digits == 0; i++) {
		p = &image->phdr[i];
		if (p->p_type == PT_NOTE &&
		    lk_image_holds(image, image->bias + p->p_vaddr, p->p_memsz, PF_R))
			digits = build_id_in((const uint8_t *)image->bias + p->p_vaddr,
			    p->p_memsz, out);
	}
	return digits;
}

const uint8_t *
lk_image_eh_frame_hdr(const struct lk_image *image, size_t *bytes_out)
{
	const ElfW(Phdr) *header = find_header(image, PT_GNU_EH_FRAME);
	uintptr_t at;

	if (header == NULL)
		return NULL;
	at = image->bias + header->p_vaddr;
	*bytes_out = header->p_memsz;
	return lk_image_holds(image, at, header->p_memsz, PF_R) ? (const uint8_t *)at : NULL;
}
