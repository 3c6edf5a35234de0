#!/bin/sh
# headers.sh - every header compiles alone, strictly; what the outside may include (include/)
# also as plain C11 without extensions of the compiler.
. "$(dirname "$0")/rule.sh"
compiler=${CC-cc}
need "$compiler"

# violations TREE
violations()
{
	find "$1/src" "$1/include" -name '*.h' | sort | while read -r header; do
		case $header in
		*/include/*) std='-std=c11' ;;
		*) std='-std=gnu11 -D_GNU_SOURCE' ;;
		esac
		# shellcheck disable=SC2086 # lists of words
		printf '#include "%s"\ntypedef int lk_alone;\n' "$header" |
			$compiler $std -Wall -Wextra -Wpedantic -Werror -fsyntax-only $flags \
			-I"$1/src" -I"$1/include" -x c - >"$scratch/says" 2>&1 ||
			echo "${header#"$1"/}: $(grep -m 1 error "$scratch/says")"
		guard=$(echo "$header" | sed -E 's,.*/(src|include)/,LK_,; s,[/.-],_,g' |
		    tr '[:lower:]' '[:upper:]')
		grep -q "^#ifndef $guard\$" "$header" || echo "${header#"$1"/}: guard is not $guard"
	done
}

flags="${NCURSES_CFLAGS-} ${JANSSON_CFLAGS-}"
plant include/leaktop/alone.h <<-'E'
	#ifndef LK_LEAKTOP_ALONE_H
	#define LK_LEAKTOP_ALONE_H
	size_t lk_alone_count(void);
	#endif
E
plant src/base/fine.h <<-'E'
	#ifndef LK_BASE_FINE_H
	#define LK_BASE_FINE_H
	#include <stddef.h>
	size_t lk_fine_count(void);
	#endif
E
plant src/base/guard.h <<-'E'
	#ifndef GUARD_H
	#define GUARD_H
	int lk_guard_count(void);
	#endif
E
expect 2 "$planted"
verdict "$top_srcdir"
