#!/bin/sh
# exports.sh - the sampler exports what src/sampler/sampler.sym lists, no more and no less, and
# needs nothing but libc: it lives in somebody else's process.
. "$(dirname "$0")/rule.sh"
need nm readelf

# violations LIBRARY LIST
violations()
{
	sed 's,/\*.*\*/,,; s,[#].*,,' "$2" | tr -s '{};, \t' '\n' |
	    grep -E '^[A-Za-z_][A-Za-z0-9_]*$' | grep -vE '^(global|local|LEAKTOP_[0-9.]+)$' |
	    sort -u >"$scratch/listed"
	nm -D --defined-only "$1" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' |
	    sort -u >"$scratch/exported"
	comm -23 "$scratch/exported" "$scratch/listed" | sed 's/$/: exported, not listed/'
	comm -13 "$scratch/exported" "$scratch/listed" | sed 's/$/: listed, not exported/'
	readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	    grep -vE '^(libc\.so|libm\.so|ld-linux)' | sed 's/$/: needed beside libc/'
}

library=$top_builddir/src/sampler/.libs/libleaktop-sampler.so
[ -f "$library" ] || { echo "SKIP $rule: needs libleaktop-sampler.so"; exit 77; }
plant sampler.sym <<-'E'
	LEAKTOP_1 { global: leaktop_no_such_entry; local: *; };
E
listed=$(nm -D --defined-only "$library" | awk '$2 != "A"' | wc -l)
expect $((listed + 1)) "$library" "$planted/sampler.sym"
verdict "$library" "$top_srcdir/src/sampler/sampler.sym"
