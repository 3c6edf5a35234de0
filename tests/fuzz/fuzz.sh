#!/bin/bash
# fuzz.sh TARGET... - each target under libFuzzer for FUZZ_SECONDS (600), with the address and
# undefined-behaviour sanitizers.  What it found so far, and the input of a crash, stay in
# fuzz-corpus/TARGET of the build.
set -eu
seconds=${FUZZ_SECONDS:-600}
clang=${CLANG:-clang}
command -v "$clang" >/dev/null || { echo "fuzz.sh: needs clang and libclang-rt-dev"; exit 77; }
cd "$top_builddir"

# The client's rooms, and of the sampler's the reader of requests alone.
sources=$(cd "$top_srcdir" && find src/util src/model src/analysis src/client src/ui \
    src/export src/base src/proto -name '*.c' ! -name 'emit*.c' ! -name tty.c ! -name app.c | sort)
flags="-g -O1 -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -I. -I$top_srcdir -I$top_srcdir/src
    -I$top_srcdir/include -I$top_srcdir/tests/fuzz ${JANSSON_CFLAGS-} ${NCURSES_CFLAGS-}
    -fsanitize=address,undefined -fno-sanitize-recover=all"
objects=fuzz-corpus/objects
mkdir -p "$objects"
for source in $sources; do
	object=$objects/$(echo "$source" | tr / -).o
	# shellcheck disable=SC2086 # a list of words
	[ "$object" -nt "$top_srcdir/$source" ] ||
		"$clang" $flags -fsanitize=fuzzer-no-link -c -o "$object" "$top_srcdir/$source"
done
rm -f "$objects/all.a"
ar rc "$objects/all.a" "$objects"/*.o
failed=0
for target in "$@"; do
	corpus=fuzz-corpus/$target
	mkdir -p "$corpus/found" "$corpus/seeds"
	top_srcdir=$top_srcdir "tests/fuzz/check_$target" --seeds "$corpus/seeds"
	# shellcheck disable=SC2086
	"$clang" $flags -fsanitize=fuzzer -o "$corpus/fuzz" "$top_srcdir/tests/fuzz/fuzz_$target.c" \
		"$objects/all.a" ${JANSSON_LIBS--ljansson} -lm
	"$corpus/fuzz" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=3000 \
		-print_final_stats=1 -artifact_prefix="$corpus/" \
		"$corpus/found" "$corpus/seeds" >"$corpus/log" 2>&1 || failed=1
	awk -v target="$target" '
		/cov: [0-9]+/ { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
		/stat::number_of_executed_units/ { runs = $2 }
		/ERROR|SUMMARY/ { error = error "\n" $0 }
		END { print target ": " runs + 0 " executions, " cov + 0 " edges" error }' "$corpus/log"
done
exit $failed
