#!/bin/sh
# manual.sh - leaktop(1) names every command, option, key and environment variable there is;
# leaktop --help, and the page's synopsis, every command.
. "$(dirname "$0")/rule.sh"

variables()
{
	sed -n 's/^#define LK_ENV_[A-Z_]*[^"]*"\([A-Z_]*\)".*/\1/p' "$1/include/leaktop/sampler.h"
	grep -rhoE '\bgetenv\("[A-Z_]+"\)' "$1/src" | sed 's/.*("//; s/".*//' |
	    grep -vxE 'HOME|TERM|LC_ALL|LANG|PATH|PYTHON_JIT'
}

# Rows of the table of keys: {'b', LK_ACTION_..., {CTRL('f'), ..., {LK_KEY_F0 + 4, ...
keys()
{
	sed -nE "s/^\t\{'(.*)', LK_ACTION_.*/\1/p; s/^\t\{CTRL\('(.)'\), LK_ACTION_.*/^\U\1/p
	    s/^\t\{LK_KEY_F0 \+ ([0-9]+), LK_ACTION_.*/F\1/p" "$1/src/ui/keys.c" |
	    sed 's/^\\\\$/\\/; s/^ $/Space/'
}

# Rows of a command's options, {"json", 'j', LK_OPTION_..., and .name of a command.
options()
{
	cat "$1"/src/cli/*.c | tr '\n' ' ' | grep -oE "\{(\"[a-z-]+\"|NULL),\s*('.'|0),\s*LK_OPTION" |
	    sed -E "s/\{NULL,/{/; s/\{\"([a-z-]+)\",/-\1/; s/'(.)'/\1/; s/[{0,]|LK_OPTION//g" |
	    tr -s ' \t' '\n' | grep .
}

# violations TREE
violations()
{
	sed 's/\\&//g; s/\\e/\\/g; s/\\-/-/g' "$1/src/cli/leaktop.1" >"$scratch/page"
	sed -n 's/^\.It Ic //p' "$scratch/page" | sed 's/ , / /g' | tr ' ' '\n' >"$scratch/keys"
	variables "$1" | sort -u | while read -r name; do
		grep -qE "^\.It Ev $name\$" "$scratch/page" || echo "variable $name"
	done
	keys "$1" | sort -u | while read -r key; do
		grep -qxF -- "$key" "$scratch/keys" || echo "key $key"
	done
	options "$1" | sort -u | while read -r option; do
		grep -qE "^\.It.* Fl $option( |\$)" "$scratch/page" || echo "option -$option"
	done
	sed -nE 's/^[[:space:]]*\.name[[:space:]]*= "([a-z]+)",.*/\1/p' "$1"/src/cli/*.c |
	    while read -r name; do
		grep -qE "^\.It Cm $name( |\$)" "$scratch/page" || echo "command $name"
		grep -qE "^\.Cm $name( |\$)" "$scratch/page" || echo "synopsis: $name"
		grep -qE "^[[:space:]]*\"  ([a-z]+ PID, )?$name " "$1/src/cli/top.c" ||
		    echo "help: $name"
	done
}

[ -f "$top_srcdir/src/ui/keys.c" ] || { echo "SKIP $rule: needs the table of keys"; exit 77; }
plant include/leaktop/sampler.h <<-'E'
	#define LK_ENV_INTERVAL		"LEAKTOP_INTERVAL"
	#define LK_ENV_SECRET		"LEAKTOP_SECRET"
E
printf '\t%s\n' "{'b', LK_ACTION_B, 0}," "{'[', LK_ACTION_R, 0}," "{'\\\\', LK_ACTION_F, 0}," \
	"{CTRL('f'), LK_ACTION_S, 0}," "{LK_KEY_F0 + 4, LK_ACTION_F, 0}," | plant src/ui/keys.c
plant src/cli/dance.c <<-'E'
	{"json", 0, LK_OPTION_FLAG, NULL, "", 0},
	{NULL, 'n', LK_OPTION_COUNT, NULL, "", 0},
	{"fail-over", 'f',
	    LK_OPTION_SIZE, NULL, "", 0},
	.name = "dance",
E
plant src/cli/leaktop.1 <<-'E'
	.It Fl -json , Fl n
	.It Ev LEAKTOP_INTERVAL
	.It Ic b , \&[
	.It Ic / , \e
E
plant src/cli/top.c <<-'E'
	"  sing PID   not of dance\n"
E
expect 8 "$planted"
verdict "$top_srcdir"
