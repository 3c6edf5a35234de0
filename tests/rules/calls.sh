#!/bin/sh
# calls.sh - what an allocation hook can reach calls nothing but pure functions of libc: no
# malloc, no printf, no lock, no system call.  What an object calls elsewhere is spelled out.
. "$(dirname "$0")/rule.sh"
need nm

hook_path='^(base/.*|sampler/core/.*|sampler/record|sampler/cpython/(hooks|walk|names|lines|layout|v3[0-9]+t?)|sampler/native/(cfi|family|mappings|objects|unwind|merge|frames))$'
pure='memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strchr strrchr strstr bcmp
__errno_location __stack_chk_fail clock_gettime _GLOBAL_OFFSET_TABLE_'
# At start; for a thread seen first (gettid); before memory is read that may not be there
# (readable).
extra='sampler/core/pages mmap
sampler/core/pages munmap
sampler/core/pages mprotect
sampler/core/pages madvise
sampler/record syscall
sampler/core/readable syscall'

# violations BUILD: file of every object, then its undefined names; a name of our own must be
# defined in the hook path too.
violations()
{
	(cd "$1/src" && find . -name '*.o' | sed 's,^\./,,' | sort | while read -r object; do
		file=$(echo "$object" | sed -E 's,\.libs/,,; s,[A-Za-z0-9_]*-,,; s,\.o$,,')
		echo "$file" | grep -qE "$hook_path" || continue
		nm "$object" | sed "s,^,$file ,"
	done) | awk -v pure="$pure" -v extra="$extra" '
	BEGIN {
		n = split(pure, word, "[ \n]"); for (i = 1; i <= n; i++) ok[word[i]] = 1
		n = split(extra, row, "\n"); for (i = 1; i <= n; i++) ok[row[i]] = 1
	}
	$(NF - 1) == "U" { wants[$1 " " $NF] = 1; next }
	{ defined[$NF] = 1 }
	END {
		for (want in wants) {
			split(want, part, " ")
			if (part[2] ~ /^__(u?div|u?mod|fix|float)[a-z]*[ts][if][a-z0-9]*$/) continue
			if (!(part[2] in ok) && !(want in ok) && !(part[2] in defined))
				print part[1] ": calls " part[2]
		}
	}' | sort
}

# object FILE: standard input is C, FILE the object below the planted tree.
object()
{
	mkdir -p "$planted/$(dirname "$1")"
	${CC-cc} -O1 -fPIC -fno-builtin -x c -c -o "$planted/$1" - || exit 1
}

need "${CC-cc}"
if find "$top_builddir/src" -name '*.o' -exec nm {} + 2>/dev/null | grep -qE '__(a|t|ub)san_'; then
	echo "SKIP $rule: needs a build without sanitizers"
	exit 77
fi
object src/base/.libs/libbase_la-clock.o <<-'E'
	void *malloc(unsigned long);
	void *memset(void *, int, unsigned long);
	void *lk_clock_new(void) { return memset(malloc(8), 0, 8); }
E
object src/sampler/cpython/.libs/libcpython_la-hooks.o <<-'E'
	void *lk_clock_new(void);
	int lk_log_line(void *), printf(const char *, ...);
	int lk_hooks_install(void) { return printf("x") + lk_log_line(lk_clock_new()); }
E
object src/sampler/.libs/libsampler_la-serve.o <<-'E'
	int puts(const char *);
	int lk_serve_run(void) { return puts("not in the hook path"); }
E
expect 3 "$planted"
verdict "$top_builddir"
