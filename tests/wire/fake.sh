# shellcheck shell=sh disable=SC2034 # what the scripts use
# fake.sh - for scripts that drive leaktop against tests/wire/fake_sampler.py.
# Needs srcdir (or top_srcdir) and the build's leaktop; sets $leaktop, $folder, $work.
set -u
export LC_ALL=C.UTF-8
top_srcdir=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
leaktop=${LEAKTOP:-$top_builddir/leaktop}
test_name=$(basename "$0")
work=$(mktemp -d)
folder=$work/sockets
mkdir -m 700 "$folder"
export LEAKTOP_DIR="$folder"
fake=
trap 'stop_fake; rm -rf "$work"' EXIT
checks=0

need()
{
	for tool in "$@"; do
		command -v "$tool" >/dev/null || { echo "SKIP $test_name: needs $tool"; exit 77; }
	done
}
python=${PYTHON3:-python3}
need "$python" jq

fail()
{
	echo "FAIL $test_name: $*"
	[ -s "$work/out" ] && { echo '--- out'; cat -v "$work/out"; }
	[ -s "$work/err" ] && { echo '--- err'; cat -v "$work/err"; }
	exit 1
}

# start_fake [MODE]: sets $pid; it listens when this returns, and ends with its standard input.
start_fake()
{
	stop_fake
	rm -f "$work/in" "$work/ready"
	mkfifo "$work/in" "$work/ready"
	"$python" "$top_srcdir/tests/wire/fake_sampler.py" "$folder" "${1:-plain}" \
		<"$work/in" >"$work/ready" &
	fake=$! pid=$!
	exec 7>"$work/in"
	read -r word <"$work/ready"
	[ "$word" = ready ] || fail 'the fake sampler did not start'
}

stop_fake()
{
	[ -n "$fake" ] || return 0
	exec 7>&-
	wait "$fake"
	fake=
}

# gives STATUS ARGUMENT...: leaktop ends with STATUS; its words are in $work/out and $work/err.
gives()
{
	wanted=$1; shift
	"$leaktop" "$@" </dev/null >"$work/out" 2>"$work/err"
	found=$?
	[ "$found" -eq "$wanted" ] || fail "leaktop $* gave $found, not $wanted"
	checks=$((checks + 1))
}

# says FILE PATTERN: out or err has a line like this.
says()
{
	grep -qE -- "$2" "$work/$1" || fail "std$1 does not say: $2"
	checks=$((checks + 1))
}

# holds EXPRESSION WHAT: of the JSON in $work/out, for jq.
holds()
{
	jq -e "$1" "$work/out" >/dev/null || fail "$2"
	checks=$((checks + 1))
}

silent()
{
	[ ! -s "$work/$1" ] || fail "std$1 is not empty"
	checks=$((checks + 1))
}

# harmless FILE: not one byte that a terminal would obey, beside newlines.
harmless()
{
	LC_ALL=C tr -d '\n -\176\200-\377' <"$work/$1" | grep -q . && fail "control bytes in std$1"
	# C1 controls and bidirectional overrides, as UTF-8
	LC_ALL=C grep -qP '\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$work/$1" &&
		fail "hidden controls in std$1"
	checks=$((checks + 1))
}
