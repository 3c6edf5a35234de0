/* elf_symbols.h - the functions of one ELF file by address, as dladdr() would name them.
 * Room: client.
 *
 * The file belongs to another process and is input: every offset, size and count in it is checked
 * against the file and against a cap before it is used.  It is read over <elf.h> and pread() rather
 * than with libelf: three kinds of sections are all that is needed, each read has a bound, and a
 * file that is cut short meanwhile gives a short read, where a mapping would give SIGBUS.
 *
 * Only ELF of this machine's class and byte order.  Names come as they are in the symbol table (C++
 * mangled), without a version and cleaned by lk_text_clean(). */
#ifndef LK_CLIENT_ELF_SYMBOLS_H
#define LK_CLIENT_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LK_ELF_SECTIONS_MAX	4096u
#define LK_ELF_SYMBOLS_MAX	(2u << 20)	/* of one table, functions or not */
#define LK_ELF_BUILD_ID_MAX	64u		/* bytes */
#define LK_ELF_NAME_BYTES	4096u		/* of a symbol's name with its NUL */

struct lk_elf_symbols;

/* lk_elf_symbols_open - what FD is: its build id, and where its symbols are; none is read yet.
 * Takes FD, on failure too.  Returns: 0; -ENOEXEC no ELF file of this machine, or a broken one, or
 * one without sections; -EIO; -ENOMEM. */
int lk_elf_symbols_open(int take_fd, struct lk_elf_symbols **out);

/* lk_elf_symbols_close - NULL is fine. */
void lk_elf_symbols_close(struct lk_elf_symbols *elf);

/* lk_elf_symbols_build_id - lower-case hex; "" when there is none. */
const char *lk_elf_symbols_build_id(const struct lk_elf_symbols *elf);

/* lk_elf_symbols_is_full - it has .symtab, so static functions too, not .dynsym alone. */
bool lk_elf_symbols_is_full(const struct lk_elf_symbols *elf);

/* lk_elf_symbols_load - reads the table; done by the first find otherwise.
 * Returns: functions in it; -ENOEXEC broken; -EFBIG beyond a cap; -EIO; -ENOMEM. */
long lk_elf_symbols_load(struct lk_elf_symbols *elf);

/* lk_elf_symbols_find - the name of the function that holds ADDRESS (of the file, as in its symbol
 * table).  Returns: its length, > 0; -ENOENT no function holds it; or as load. */
long lk_elf_symbols_find(struct lk_elf_symbols *elf, uint64_t address, char *out,
    size_t out_bytes);

#endif
