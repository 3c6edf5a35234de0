#!/bin/sh
# shell.sh - what shellcheck has to say about every script, warnings and worse.
. "$(dirname "$0")/rule.sh"
need shellcheck

# violations TREE
violations()
{
	(
		cd "$1" || exit
		find tests autogen.sh .ci/run -type f 2>/dev/null |
		    while read -r file; do
			head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh$' && echo "$file"
		done | sort | xargs shellcheck -f gcc -S warning -e SC1091,SC2154
	)
}

plant autogen.sh <<-'E'
	#!/bin/sh
	cd somewhere
	exit 0
E
plant tests/fine.sh <<-'E'
	#!/bin/sh
	cd somewhere || exit
E
expect 1 "$planted"
verdict "$top_srcdir"
