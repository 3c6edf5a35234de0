#!/bin/sh
# autogen.sh            makes ./configure from a checkout
# autogen.sh demo       installs what is missing, builds all, runs the main job on a leaking service
# autogen.sh check      installs what is missing, builds all, runs the tests
# autogen.sh packages   installs what a maintainer needs: the above, clang and what a release takes, and
#                       the programs that open exports (Go's pprof, a browser);
#                       brings the interpreters of Debian's other suites, which it unpacks aside
# CONFIGURE_FLAGS in the environment are given to ./configure.
set -eu
cd "$(dirname "$0")"

build_packages="gcc make autoconf automake libtool pkg-config libc6-dev libncurses-dev libjansson-dev zlib1g-dev check"
reader_packages="golang-go chromium-headless-shell"	# open what is exported
case $(cat /etc/debian_version 2>/dev/null) in	# packages with a number in their names
12*)	python_tests=libpython3.11-testsuite mallocs="libjemalloc2 libtcmalloc-minimal4" ;;
13*)	python_tests=libpython3.13-testsuite mallocs="libjemalloc2 libtcmalloc-minimal4t64" ;;
*)	python_tests='' mallocs='' ;;
esac
demo_packages="python3 python3-django python3-flask gunicorn procps"
check_packages="$demo_packages $python_tests $mallocs python3-numpy python3-lxml python3-jsonschema jq socat tmux valgrind binutils curl xz-utils python3-greenlet python3-gevent patchelf uwsgi-plugin-python3 python3-celery musl"
release_packages="$check_packages clang debootstrap git shellcheck"
stale=no
case $(cat /etc/debian_version 2>/dev/null) in	# what make fuzz links with
12*)	release_packages="$release_packages libclang-rt-14-dev" ;;
13*)	release_packages="$release_packages libclang-rt-19-dev" ;;
esac

missing_of()
{
	for package in "$@"; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' ||
			printf ' %s' "$package"
	done
}

install_missing()
{
	if ! command -v dpkg-query >/dev/null; then
		echo "autogen.sh: no Debian here; going on with what is installed, needed are: $*" >&2
		return 0
	fi
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
	$as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
		apt-get install -y -qq --no-install-recommends $missing </dev/null
	stale=yes
}

# What was configured without a package, or with other flags, is configured again.
configure()
{
	[ -x configure ] || autoreconf -fi
	if [ ! -f Makefile ] || [ $stale = yes ] ||
	    [ "${CONFIGURE_FLAGS-}" != "$(cat .configure-flags 2>/dev/null)" ]; then
		# shellcheck disable=SC2086 # a list of words
		./configure -q ${CONFIGURE_FLAGS-}
		echo "${CONFIGURE_FLAGS-}" >.configure-flags
	fi
}

build()
{
	install_missing "$@"
	configure
	make -s -j"$(nproc)"
}

# shellcheck disable=SC2086 # lists of words
case "${1-}" in
'')	exec autoreconf -fi ;;
demo)	build $build_packages $demo_packages; shift; exec make -s demo DEMO_ARGS="$*" ;;
check)	build $build_packages $check_packages; exec make -j"$(nproc)" check ;;
packages) install_missing $build_packages $release_packages $reader_packages
	tests/pythons/bring.sh || echo 'autogen.sh: the tests go on with the interpreters that are here' >&2 ;;
*)	echo "usage: ./autogen.sh [demo|check|packages]" >&2; exit 1 ;;
esac
