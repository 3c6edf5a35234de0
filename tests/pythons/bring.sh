#!/bin/sh
# bring.sh [FOLDER]        brings the interpreters that Debian has beside this machine's own
# bring.sh list [FOLDER]   prints the paths of those that are there, one a line
#
# Release and debug builds with CPython's own tests, and each libpython behind a program of one
# line, from the suites named below: unpacked into FOLDER, never installed.  Mirror and keys are
# those of this machine's apt, which checks the signatures; the lists, the cache and the idea of
# what is installed are private.  FOLDER is $LEAKTOP_PYTHONS or the user's cache when not given,
# and stays where it is: its path is in the binaries.  What a suite had is kept as it was; it is
# brought anew when its folder is removed.  77 when something could not be brought.
set -eu
umask 022
verb=bring
if [ "${1-}" = list ]; then verb=list; shift; fi
folder=${1:-${LEAKTOP_PYTHONS:-${XDG_CACHE_HOME:-$HOME/.cache}/leaktop/pythons}}

# Of each suite the minors; what a suite lacks, the next one of its line may have.
wanted='
bullseye	3.9
trixie		3.13
sid forky	3.13 3.14 3.15
'

say()
{
	echo "bring.sh: $*" >&2
}

list()
{
	cat "$folder"/*/brought 2>/dev/null | while read -r python; do
		[ ! -x "$folder/$python" ] || echo "$folder/$python"
	done
}

# The mirror of this machine's own release: "URI FILE", where FILE is the one that names it.
mirror()
{
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI) $(SOURCESENTRY)' \
	    'Created-By: Packages' |
	    awk -v own="$(. /etc/os-release && echo "${VERSION_CODENAME-}")" \
		'$1 == own && $2 == "main" { sub(/:[0-9]+$/, "", $4); print $3, $4; exit }'
}

# keys FILE: the keyring that an entry of FILE is checked with; none when apt's own are.
keys()
{
	sed -nE 's/^Signed-By:[[:space:]]*(\/.*)/\1/p; s/^deb .*signed-by=([^] ]+).*/\1/p' "$1" |
	    head -n 1
}

# in_suite COMMAND...: apt for $root alone.
in_suite()
{
	"$@" -qq -o Dir::State="$root/apt/state" -o Dir::State::status="$root/apt/status" \
	    -o Dir::Cache="$root/apt/cache" -o Dir::Etc::SourceList="$root/apt/suite.sources" \
	    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
	    -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User="$(id -un)" \
	    -o APT::Update::Error-Mode=any -o Acquire::Languages=none -o Debug::NoLocking=1 \
	    -o APT::Install-Recommends=false
}

# lists SUITE: the suite's lists into $root/apt.
lists()
{
	mkdir -p "$root/apt/state/lists/partial" "$root/apt/cache/archives/partial"
	: >"$root/apt/status"
	{
		printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$1"
		[ -z "$keyring" ] || echo "Signed-By: $keyring"
	} >"$root/apt/suite.sources"
	in_suite apt-get update
}

# has MINOR: whether the suite does.
has()
{
	in_suite apt-cache show "python$1-dbg" "libpython$1-testsuite" >/dev/null 2>&1
}

packages_of()
{
	for minor in "$@"; do
		echo "python$minor python$minor-dbg libpython$minor libpython$minor-testsuite"
	done
}

# An older libc than ours would not load what was built here, and ours serves in its place.
is_useless()
{
	case ${1##*/} in
	libc6_*) dpkg --compare-versions "$(dpkg-deb -f "$1" Version)" le \
		    "$(dpkg-query -W -f '${Version}' libc6)" ;;
	dpkg_*|perl-base_*|tar_*|libx11-data_*|fonts-*|gcc-*-base_*) return 0 ;;
	*)	return 1 ;;
	esac
}

unpack()
{
	for archive in "$root"/apt/cache/archives/*.deb; do
		! is_useless "$archive" || continue
		dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$root" --no-same-owner \
		    --exclude='*.a' --exclude=./usr/share --exclude=./usr/lib/debug \
		    --exclude=./var --exclude=./etc --exclude=./usr/sbin
	done
	rm -rf "$root/apt"
}

# at_home PYTHON: makes it start with the libraries it came with.  The path is an RPATH, which also
# holds for what a library or an extension needs; a RUNPATH would not.
at_home()
{
	[ -z "$loader" ] || patchelf --set-interpreter "$loader" "$1"
	patchelf --force-rpath --set-rpath "$libraries" "$1"
}

# shared MINOR: python over the suite's libpython, where Debian's own contains a copy of it.
shared()
{
	echo 'int Py_BytesMain(int, char **); int main(int n, char **a) { return Py_BytesMain(n, a); }' |
	    ${CC:-cc} -x c -o "$root/usr/bin/python$1-shared" - -x none -Wl,--allow-shlib-undefined \
		"${libraries##*:}/libpython$1.so.1.0"
	at_home "$root/usr/bin/python$1-shared"
}

# settle MINOR: its interpreters start, each is in the list.
settle()
{
	at_home "$root/usr/bin/python$1"
	at_home "$root/usr/bin/python$1d"
	shared "$1"
	for python in "python$1" "python$1d" "python$1-shared"; do
		"$root/usr/bin/$python" -c 'import asyncio, ctypes, ssl, test.support' ||
			{ say "$root/usr/bin/$python does not start"; return 1; }
		echo "$suite/usr/bin/$python"
	done >>"$root/list"
	# What Debian does when it installs.
	"$root/usr/bin/python$1" -m compileall -q -j0 -x '/(test|lib2to3|idlelib)/(test_|tests/)' \
	    "$root/usr/lib/python$1" >/dev/null 2>&1 || :
}

# bring MINOR...: those that $suite has, into $root; $lacking are the others.
bring()
{
	found=
	lacking=
	lists "$suite" || { say "no lists of $suite"; lacking=$*; return 0; }
	for minor in "$@"; do
		if has "$minor"; then found="$found $minor"; else lacking="$lacking $minor"; fi
	done
	[ -n "$found" ] || return 0
	# shellcheck disable=SC2046,SC2086 # lists of words
	in_suite apt-get --download-only -y install $(packages_of $found) >&2 ||
		{ say "no packages from $suite"; lacking=$*; return 0; }
	unpack
	loader=$(find "$root" -type f -name 'ld-linux*.so.*' | head -n 1)
	triplet=$(cd "$root/usr/lib" && echo *-linux-gnu*)
	libraries=$root/lib/$triplet:$root/usr/lib/$triplet
	for minor in $found; do
		settle "$minor" || lacking="$lacking $minor"
	done
	mv "$root/list" "$root/brought"
}

[ $verb = bring ] || { list; exit; }
# Everything there is no work, and needs neither apt nor the net.
wanting()
{
	for minor in "$@"; do
		# shellcheck disable=SC2086 # a list of words
		for suite in $suites; do
			! grep -qs "/python$minor\$" "$folder/$suite/brought" || continue 2
		done
		printf ' %s' "$minor"
	done
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9>"$folder/lock"
flock 9
trap 'rm -rf "$folder"/*/apt' EXIT
missing=
while read -r line; do
	suites=${line%%[0-9]*}
	# shellcheck disable=SC2086 # lists of words
	lacking=$(wanting ${line#"$suites"})
	for suite in $suites; do
		[ -n "$lacking" ] || break
		[ ! -e "$folder/$suite/brought" ] || continue	# as it was then
		for tool in apt-get dpkg-deb patchelf "${CC:-cc}"; do
			command -v "$tool" >/dev/null ||
				{ say "needs $tool for python$lacking of $suites"; exit 77; }
		done
		read -r uri entry <<-M
		$(mirror)
		M
		[ -n "$uri" ] || { say "apt names no mirror here: no python$lacking"; exit 77; }
		keyring=$(keys "$entry")
		root=$folder/$suite
		rm -rf "$root"
		mkdir "$root"
		# shellcheck disable=SC2086 # a list of words
		bring $lacking
	done
	for minor in $lacking; do
		missing="$missing python$minor of ${suites%%[[:space:]]*},"
	done
done <<W
$(echo "$wanted" | sed '/^$/d')
W
list
[ -z "$missing" ] || { say "not here:${missing%,}"; exit 77; }
