/* cxx_names.h - C++ functions by the names people know: "at::Tensor::resize_" of
 * "_ZN2at6Tensor7resize_ENS_8ArrayRefIlEE".  Room: client.  Pure.
 *
 * Only what names a function is read of the Itanium ABI's mangling: scopes, constructors,
 * operators.  Arguments of templates and parameters are left out; a row has no room for them.  So
 * three hundred lines do where a whole demangler has thousands, and libstdc++, which has one, is
 * not linked for it.  What is beyond them (lambdas, local and special names) stays mangled: three
 * per cent of libstdc++'s own functions, as tests/unit/test_cxx counts. */
#ifndef LK_CLIENT_CXX_NAMES_H
#define LK_CLIENT_CXX_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* lk_cxx_names_text - false when MANGLED is no such name, or has no room; OUT is "" then. */
bool lk_cxx_names_text(const char *mangled, char *out, size_t out_bytes);

#endif
