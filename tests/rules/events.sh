#!/bin/sh
# events.sh - every code of an event that the sampler can add has words for people.
. "$(dirname "$0")/rule.sh"

# violations SAMPLER-FOLDER WORDS-FILE
violations()
{
	{
		grep -rhoE 'lk_events_add(_what)?\([^;]*;' "$1" --include='*.c'
		grep -rhE 'codes\[\] = \{' "$1" --include='*.c'
	} | grep -oE '"[a-z][a-z-]*"' | sort -u |
	while read -r code; do
		grep -qF "{$code, VALUE_" "$2" || echo "$code has no words in $2"
	done
}

plant sampler/a.c <<-'E'
	lk_events_add("told", 1);
	lk_events_add(x ? "told" : "untold", 1);
	static const char *const codes[] = {"told", "unheard"};
E
plant words.c <<-'E'
	{"told", VALUE_NONE, false, "told"},
E
expect 2 "$planted/sampler" "$planted/words.c"
verdict "$top_srcdir/src/sampler" "$top_srcdir/src/model/event.c"
