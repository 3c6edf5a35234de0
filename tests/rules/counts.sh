#!/bin/sh
# counts.sh - tests/summary.sh counts what the tests said, and names what was skipped or failed.
. "$(dirname "$0")/rule.sh"

# suite NAME RESULT: standard input becomes its log.
suite()
{
	plant "$1.log"
	printf ':test-result: %s\n:global-test-result: %s\n' "$2" "$2" | plant "$1.trs"
}

# violations EXPECTED [STAMP]
violations()
{
	printf '%s\n' "$1" >"$scratch/wanted"
	sh "$top_srcdir/tests/summary.sh" "$planted" ${2:+"$2"} >"$scratch/said"
	diff "$scratch/wanted" "$scratch/said"
}

suite tests/old PASS </dev/null
touch -d '1 hour ago' "$planted/tests/old.trs"
touch -d '30 minutes ago' "$scratch/stamp"
suite tests/script PASS </dev/null
suite tests/checked PASS <<-'E'
	Running suite(s): bytes
	100%: Checks: 12, Failures: 0, Errors: 0
	Running suite(s): lines
	100%: Checks: 5, Failures: 0, Errors: 0
E
suite tests/broken FAIL <<-'E'
	80%: Checks: 10, Failures: 1, Errors: 1
E
suite tests/crashed FAIL <<-'E'
	100%: Checks: 3, Failures: 0, Errors: 0
	Segmentation fault
E
suite tests/absent SKIP <<-'E'
	SKIP absent: needs socat
	SKIP tests/absent.sh (exit status: 77)
E
expect 7 "3 passed, 0 failed, 0 skipped"
all="SKIP tests/absent: absent: needs socat
FAIL tests/broken: see $planted/tests/broken.log
FAIL tests/crashed: see $planted/tests/crashed.log"
violations "$all
28 passed, 3 failed, 1 skipped" "$scratch/stamp" || exit 1
verdict "$all
29 passed, 3 failed, 1 skipped"
