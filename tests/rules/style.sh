#!/bin/sh
# style.sh - what a reviewer would send back: functions over 70 lines, headers over 300, lines over
# 100 columns, notes to oneself, paths of one machine, and sleeping where a test should wait for
# something (a pause between two looks says "poll:", one that makes the load says "pace:").
. "$(dirname "$0")/rule.sh"

long_functions()
{
	awk '/^\{/ { start = FNR } /^\}/ && start {
		if (FNR - start - 1 > 70)
			print FILENAME ":" start ": a function of " FNR - start - 1 " lines"
		start = 0
	}
	FNR == 301 && FILENAME ~ /\.h$/ && FILENAME !~ /include\// {
		print FILENAME ": a header of more than 300 lines"
	}' "$@"
}

long_lines()
{
	for file in "$@"; do
		expand "$file" | LC_ALL=C.UTF-8 awk -v file="$file" 'length($0) > 100 {
			print file ":" NR ": " length($0) " columns" }'
	done
}

# violations TREE
violations()
{
	(
		cd "$1" || exit
		find src include tests -name '*.[ch]' | sort >"$scratch/c"
		find . \( -name .git -o -name .libs -o -name .deps -o -name m4 -o -name build-aux \
		    -o -name autom4te.cache -o -name golden -o -name logs -o -name 'leaktop-[0-9]*' \) -prune -o \
		    -type f \( -name '*.[ch1]' -o -name '*.sh' -o -name '*.py' -o -name '*.am' \
		    -o -name '*.ac' -o -name '*.md' -o -name '*.theme' -o -name '*.sym' \
		    -o -name README -o -name NEWS -o -path './.ci/*' \) -print |
		    sed 's,^\./,,' | grep -vE '^(config\.h|libtool)' | sort >"$scratch/all"
		# shellcheck disable=SC2046 # our names have no spaces
		long_functions $(cat "$scratch/c")
		# shellcheck disable=SC2046
		long_lines $(cat "$scratch/c")
		xargs grep -nE '\b([T]ODO|[F]IXME|[X]XX)\b' /dev/null <"$scratch/all" |
		    sed 's/$/: a note to oneself/'
		xargs grep -nE '(^|[^A-Za-z0-9_.$}/])/([w]ork|[h]ome|[r]oot|[U]sers|[t]mp/w)/' \
		    /dev/null <"$scratch/all" | sed 's/$/: a path of one machine/'
		grep '^tests/' "$scratch/all" | grep -vE '^tests/(apps|bench)/|style\.sh$' |
		    xargs grep -nE '\b(u?sleep|nanosleep|time\.sleep)( +[0-9$."]|\()' /dev/null |
		    grep -vE '(poll|pace):' | sed 's/$/: sleeps instead of waiting/'
	)
}

{ echo 'void'; echo 'f(void)'; echo '{'; yes '	g();' | head -n 71; echo '}'; } | plant src/base/f.c
{ echo '/* x */'; yes '' | head -n 301; } | plant src/base/f.h
printf '/* %s %0100d */\n' "$(printf '%s%s' TO DO)" 0 | plant include/leaktop/x.h
printf 'cd /%s/me\nsleep 1\nsleep 0.1 # poll: 50 times\n' home | plant tests/unit/wait.sh
expect 6 "$planted"
verdict "$top_srcdir"
