#!/bin/sh
# summary.sh BUILD [STAMP]: what the tests below BUILD said (after STAMP was touched, if given):
# each skipped suite with its reason, each that failed, and as the last line the counts.
# A Check program counts as many as it checked, everything else is one test.
set -u
export LC_ALL=C
build=$1
# Other builds live in folders of their own, and count only in the run that made them.
newer=${2:+-newer $2}
newer=${newer:--not -path */variant-*/* -not -path */leaktop-[0-9]*/*}
passed=0 failed=0 skipped=0
# shellcheck disable=SC2046,SC2086 # words
for trs in $(set -f; find "$build" -name '*.trs' $newer | sort); do
	log=${trs%.trs}.log
	name=${trs#"$build"/}; name=${name%.trs}
	result=$(sed -n 's/^:global-test-result: //p' "$trs")
	# 100%: Checks: 12, Failures: 0, Errors: 0
	counts=$(sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+).*/\1 \2 \3/p' \
	    "$log" 2>/dev/null | awk '{ n += $1; bad += $2 + $3 } END { print n + 0, bad + 0 }')
	checks=${counts% *} bad=${counts#* }
	case $result in
	PASS|XFAIL)
		passed=$((passed + (checks > 0 ? checks : 1)))
		;;
	SKIP)
		skipped=$((skipped + 1))
		echo "SKIP $name: $(grep -v '^SKIP [^ ]* (exit' "$log" | tail -n 1 | sed "s/^SKIP[: ]*//")"
		;;
	*)
		[ "$bad" -gt 0 ] || bad=1
		failed=$((failed + bad))
		[ "$checks" -le "$bad" ] || passed=$((passed + checks - bad))
		echo "FAIL $name: see $log"
		;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
