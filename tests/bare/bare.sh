#!/bin/sh
# bare.sh [demo|check]... - the README's commands on a Debian with nothing but its base and git, in
# a root of its own below ${TMPDIR:-/tmp}, removed afterwards.  The mirror and the way to it are
# apt's, as configured here.  Needs root and debootstrap; 77 without.
set -eu
top=$(cd "${top_srcdir:-$(dirname "$0")/../..}" && pwd)
suite=${LEAKTOP_BARE_SUITE:-bookworm}
[ $# -gt 0 ] || set -- demo check

skip()
{
	echo "SKIP bare: $*"
	exit 77
}

[ "$(id -u)" -eq 0 ] || skip 'needs root'
for tool in debootstrap git chroot mount; do
	command -v "$tool" >/dev/null || skip "needs $tool"
done
git -C "$top" rev-parse HEAD >/dev/null 2>&1 || skip 'needs a git checkout'
mirror=$(apt-get indextargets --format "\$(RELEASE) \$(COMPONENT) \$(REPO_URI)" |
    awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || skip "needs a mirror of $suite in the apt configuration"

root=$(mktemp -d "${TMPDIR:-/tmp}/leaktop-bare.XXXXXX")
chmod 755 "$root"	# it becomes /
tidy()
{
	for place in dev/pts dev/shm dev proc; do
		if mountpoint -q "$root/$place"; then umount "$root/$place"; fi
	done
	# Never through a mount that would not go away.
	rm -rf --one-file-system "$root"
}
trap tidy EXIT
trap 'exit 1' HUP INT TERM

debootstrap --variant=minbase --include=git "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
	{ tail "$root.log"; rm -f "$root.log"; exit 1; }
rm -f "$root.log"
apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/99host" || :
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
for node in null zero full random urandom tty; do
	: >"$root/dev/$node"
	cp -a --remove-destination "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"

git clone -q "$top" "$root/leaktop"
for command in "$@"; do
	echo "== ./autogen.sh $command on bare $suite"
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ ${http_proxy:+http_proxy="$http_proxy"} \
		${CONFIGURE_FLAGS:+CONFIGURE_FLAGS="$CONFIGURE_FLAGS"} \
		chroot "$root" sh -c "cd /leaktop && exec ./autogen.sh $command" </dev/null
	echo "== ./autogen.sh $command: succeeded"
done
echo 'PASS bare'
