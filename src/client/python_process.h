/* python_process.h - telling Python processes from others, from /proc alone.  Room: client. */
#ifndef LK_CLIENT_PYTHON_PROCESS_H
#define LK_CLIENT_PYTHON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* lk_python_process_recognise - by the program's name, a libpython, or a sampler that listens.
 * EXE: target of /proc/PID/exe, "" when it may not be read.
 * Costs a read of /proc/PID/maps when the executable is not called python.
 * version: "3.11", "" unknown.  Returns: whether PID runs Python. */
bool lk_python_process_recognise(pid_t pid, const char *exe, const char *comm, char *version,
    size_t version_bytes);

/* lk_python_process_name - what people call it, from its ARGUMENTS (LENGTH bytes, a NUL
 * behind each): the script's name without ".py", the module of -m, "-c", else the program. */
void lk_python_process_name(const char *arguments, size_t length, char *out, size_t out_bytes);

#endif
