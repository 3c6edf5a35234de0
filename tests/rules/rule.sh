# rule.sh - what the rules share.  A rule defines violations(), which prints one line for each;
# it plants some first (expect: the rule can fail), then judges the real tree (verdict).
set -u
export LC_ALL=C
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-$top_srcdir}" && pwd)
rule=$(basename "$0")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# need TOOL...: without it the rule is skipped, by name.
need()
{
	for tool in "$@"; do
		command -v "${tool%% *}" >/dev/null || { echo "SKIP $rule: needs $tool"; exit 77; }
	done
}

# plant PATH: standard input becomes PATH below the planted tree.
planted=$scratch/planted
plant()
{
	mkdir -p "$planted/$(dirname "$1")"
	cat >"$planted/$1"
}

# expect N ARG...: violations ARG... prints exactly N lines.
expect()
{
	wanted=$1; shift
	violations "$@" >"$scratch/found" 2>&1
	[ "$(wc -l <"$scratch/found")" -eq "$wanted" ] && return 0
	echo "FAIL $rule: cannot see what was planted; wanted $wanted lines, got:"
	cat "$scratch/found"
	exit 1
}

# verdict ARG...: the real tree has none.
verdict()
{
	violations "$@" >"$scratch/found" 2>&1
	[ -s "$scratch/found" ] || { echo "PASS $rule"; exit 0; }
	cat "$scratch/found"
	echo "FAIL $rule: $(wc -l <"$scratch/found") violations"
	exit 1
}
