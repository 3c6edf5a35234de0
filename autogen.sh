#!/bin/sh
# autogen.sh         makes ./configure from a checkout
# autogen.sh demo    installs what is missing, builds all, runs the main job on a leaking service
# autogen.sh check   installs what is missing, builds all, runs the tests
set -eu
cd "$(dirname "$0")"

build_packages="gcc make autoconf automake libtool pkg-config libc6-dev libncurses-dev libunwind-dev libjansson-dev check"
demo_packages="python3 python3-django python3-flask gunicorn"
check_packages="$demo_packages python3-jsonschema jq socat tmux valgrind binutils curl"

missing_of()
{
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
			printf ' %s' "$package"
	done
}

install_missing()
{
	missing=$(missing_of "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -eq 0 ]; then as_root=
	elif sudo -n true 2>/dev/null; then as_root='sudo -n'
	else
		echo "autogen.sh: these Debian packages are missing and only root may install them:" >&2
		echo "    sudo apt-get install --no-install-recommends$missing" >&2
		exit 2
	fi
	echo "autogen.sh: installing$missing"
	$as_root apt-get update -qq
	# shellcheck disable=SC2086 # a list of words
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

build()
{
	# shellcheck disable=SC2086 # a list of words
	install_missing $build_packages "$@"
	[ -x configure ] || autoreconf -fi
	[ -f Makefile ] || ./configure
	make -j"$(nproc)"
}

case "${1-}" in
'')	exec autoreconf -fi ;;
demo)	build $demo_packages; shift; exec make -s demo DEMO_ARGS="$*" ;;
check)	build $check_packages; exec make -j"$(nproc)" check ;;
*)	echo "usage: ./autogen.sh [demo|check]" >&2; exit 1 ;;
esac
