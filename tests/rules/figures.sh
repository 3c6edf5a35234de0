#!/bin/sh
# figures.sh - README.md and tests/bench/FIGURES.md say of the cost what tests/bench/table.py makes of
# results.json, to the letter: no figure is typed.
. "$(dirname "$0")/rule.sh"
python=${PYTHON3:-python3}
need "$python"

# violations TREE: each line of its README, and of FIGURES.md, that should not be there, or should be another.
violations()
{
	PYTHONDONTWRITEBYTECODE=1 "$python" "$top_srcdir/tests/bench/table.py" --check \
	    --readme "$1/README.md" --results "$top_srcdir/tests/bench/results.json" 2>&1 |
	    grep -vE '^(---|\+\+\+|@@) '
}

mkdir -p "$planted"
sed '/figures of make bench: end/i| a shop | 0.1 % |' "$top_srcdir/README.md" >"$planted/README.md"
expect 1 "$planted"
verdict "$top_srcdir"
