#!/bin/sh
# library.sh - how the sampler is linked: every call is bound when it is loaded, never inside a
# hook; no code is patched; thread variables are where the thread is made, so that touching one
# allocates nothing; no stack is executable.
. "$(dirname "$0")/rule.sh"
need readelf "${CC-cc}"

# violations LIBRARY
violations()
{
	readelf -dW "$1" >"$scratch/dynamic"
	readelf -rW "$1" >"$scratch/relocations"
	readelf -lW "$1" >"$scratch/segments"
	grep -qE '\((FLAGS|FLAGS_1)\).*\b(BIND_)?NOW\b' "$scratch/dynamic" || echo "lazy binding"
	grep -qE '\(TEXTREL\)|\bTEXTREL\b' "$scratch/dynamic" && echo "text relocations"
	grep -qE 'DTPMOD|TLSDESC|__tls_get_addr' "$scratch/relocations" &&
		echo "thread variables that are allocated at first touch"
	grep -qE 'GNU_RELRO' "$scratch/segments" || echo "addresses of functions stay writable"
	grep -E 'GNU_STACK' "$scratch/segments" | grep -q 'RWE' && echo "an executable stack"
	true
}

library=$top_builddir/src/sampler/.libs/libleaktop-sampler.so
[ -f "$library" ] || { echo "SKIP $rule: needs libleaktop-sampler.so"; exit 77; }
plant bad.c <<-'E'
	extern int lk_elsewhere(void);
	_Thread_local int lk_late;
	__asm__(".section .text\n.balign 8\n.quad lk_bad\n");
	int lk_bad(void) { return lk_elsewhere() + lk_late; }
E
${CC-cc} -shared -fPIC -Wl,-z,lazy -Wl,-z,notext -Wl,-z,norelro -Wl,-z,execstack \
	-o "$planted/bad.so" "$planted/bad.c" 2>/dev/null || exit 1
expect 5 "$planted/bad.so"
verdict "$library"
