#!/bin/sh
# themes.sh - every shipped theme spells every key the program knows, and no other; every value is
# one of the spellings; what a theme leaves to the terminal is said so with "".
. "$(dirname "$0")/rule.sh"

# violations FOLDER KEYS
violations()
{
	for theme in "$1"/*.theme; do
		awk -v name="$(basename "$theme")" -v keys="$2" '
		BEGIN {
			n = split(keys, key, "\n")
			for (i = 1; i <= n; i++) known[key[i]] = 1
			colour = "(#[0-9a-fA-F][0-9a-fA-F]|#[0-9a-fA-F]+|[0-9]+ [0-9]+ [0-9]+|[a-z_]+)?"
			value = "^" colour "([|]([0-9]+)?([|]([0-9]+|[a-z_]+)?([|][a-z+]*)?)?)?$"
		}
		/^[ \t]*(#.*)?$/ { next }
		/^(inherit|variant)="[a-z0-9_]+"/ { inherit = inherit || /^inherit/; next }
		/^theme\[[a-z_]+\]="[^"]*"/ {
			split($0, part, /[\[\]]/)
			match($0, /"[^"]*"/); text = substr($0, RSTART + 1, RLENGTH - 2)
			if (!(part[2] in known)) print name ": unknown key " part[2]
			if (part[2] in seen) print name ": twice " part[2]
			if (text !~ value) print name ": " part[2] " is " text
			seen[part[2]] = 1
			next
		}
		{ print name ": not a line of a theme: " $0 }
		END {
			for (i = 1; i <= n && !inherit; i++)
				if (!(key[i] in seen)) print name ": does not set " key[i]
		}' "$theme"
	done
}

source=$top_srcdir/src/ui/theme.h
ls "$top_srcdir"/themes/*.theme >/dev/null 2>&1 && [ -f "$source" ] ||
	{ echo "SKIP $rule: needs themes"; exit 77; }
keys=$(tr -d '\n\t' <"$source" | sed 's/.*enum lk_theme_key {//; s/}.*//' | tr -s ', ' '\n' |
    sed -n 's/^LK_THEME_//p' | grep -v '^KEY_COUNT$' | tr '[:upper:]' '[:lower:]')
[ "$(echo "$keys" | wc -l)" -ge 20 ] || { echo "FAIL $rule: no keys in $source"; exit 1; }
plant bad.theme <<-'E'
	variant="dark"
	theme[main_fg]="#c0c0c0|250|7|normal"
	theme[main_fg]=""
	theme[warn]="rather red"
	theme[colour_of_money]="green"
	sound="loud"
E
expect 5 "$planted" "$(printf 'main_fg\nwarn\ntitle')"
verdict "$top_srcdir/themes" "$keys"
