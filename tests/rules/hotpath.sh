#!/bin/sh
# hotpath.sh - an allocation that is not sampled is a subtraction, a branch and a jump: no call, no
# frame on the stack, and few instructions.  Read from the machine code, x86-64 only.
. "$(dirname "$0")/rule.sh"
need objdump "${CC-cc}"
[ "$(uname -m)" = x86_64 ] || { echo "SKIP $rule: needs x86-64"; exit 77; }

# Function and how many instructions it may have, all of its ways together.
hooks='obj_slots_malloc 6
mem_slots_malloc 6
obj_slots_realloc 6
mem_slots_realloc 6
obj_slots_calloc 9
mem_slots_calloc 9
raw_malloc 6
raw_calloc 9
raw_free 12'

# violations LIBRARY
violations()
{
	objdump -d --no-show-raw-insn "$1" | awk -v hooks="$hooks" '
	BEGIN { n = split(hooks, word, "[ \n]"); for (i = 1; i < n; i += 2) most[word[i]] = word[i + 1] }
	/^[0-9a-f]+ <.*>:$/ {
		name = $2; gsub(/[<>:]/, "", name)
		if (name in most) seen[name] = 1
		next
	}
	name in most && NF > 1 && $2 !~ /^(nop|data16|cs|xchg)/ {
		count[name]++
		if ($2 ~ /^(call|push|pop|ret|leave)/ || $0 ~ /(sub|add) .*,%rsp$/)
			print name ": " $2 " " $3
	}
	END {
		for (name in most) {
			if (!(name in seen)) print name ": not found"
			if (count[name] > most[name]) print name ": " count[name] " instructions"
		}
	}'
}

mkdir -p "$planted"
for way in 'return other(c, n) ? c : 0' 'return c'; do
	printf 'void *other(void *c, unsigned long n);
void *obj_slots_malloc(void *c, unsigned long n) { (void)n; %s; }\n' "$way" |
	    ${CC-cc} -O1 -fPIC -shared -x c -o "$planted/library.so" - || exit 1
	expected=$((${expected:-0} + 1))
	case $expected in
	1) expect 13 "$planted/library.so" ;;	# too long, call, ret, the stack twice; eight missing
	*) expect 9 "$planted/library.so" ;;	# ret; eight are missing
	esac
done
library=$top_builddir/src/sampler/.libs/libleaktop-sampler.so
[ -f "$library" ] || { echo "SKIP $rule: needs libleaktop-sampler.so"; exit 77; }
if nm "$library" | grep -qE '__(a|t|ub)san_'; then
	echo "SKIP $rule: needs a build without sanitizers"
	exit 77
fi
if ! nm "$library" | grep -q 'obj_slots_malloc\.cold'; then
	echo "SKIP $rule: needs a build that is optimised as GCC does"
	exit 77
fi
verdict "$library"
