/* native_names.h - symbols for the native frames of one process, from the files that it has
 * mapped; nothing is looked up in the process itself.
 * Room: client.
 *
 * Of an object the file is taken that has the build id which the sampler saw in memory: the path
 * as the process sees it, else as we do, else the mapping itself, else the debug file of that build
 * id, which is preferred where it alone has the static functions.  Where no file has it (the
 * library was replaced), or no function holds the address, a frame stays "libz.so.1+0x1a2b": never
 * a wrong name.  An object without a build id must be the very file that is mapped (device and
 * inode).
 *
 * C++ functions are called as cxx_names.h says.  Objects are opened when a frame of them is met
 * first, and kept with their tables. */
#ifndef LK_CLIENT_NATIVE_NAMES_H
#define LK_CLIENT_NATIVE_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LK_NATIVE_OBJECTS_MAX	256u	/* each keeps a descriptor; more have no symbols */
#define LK_NATIVE_DEBUG_FOLDER	"/usr/lib/debug"
#define LK_NATIVE_NAME_BYTES	512u

struct lk_native_names;

/* lk_native_names_new - for process PID (0: nothing is looked up).  DEBUG_FOLDER is looked for in
 * the process's root, then here.  Returns: NULL without memory. */
struct lk_native_names *lk_native_names_new(pid_t pid, const char *debug_folder);

/* lk_native_names_free - NULL is fine. */
void lk_native_names_free(struct lk_native_names *names);

/* lk_native_names_text - what to call the frame at ADDRESS (a return address) of OBJECT: a symbol,
 * else file name and address.  NAMES may be NULL.  Cannot fail.  Returns: OUT. */
char *lk_native_names_text(struct lk_native_names *names, const char *build_id,
    const char *object, uint64_t address, char *out, size_t out_bytes);

#endif
