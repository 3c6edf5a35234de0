#!/bin/sh
# map.sh - src/README has a line for every file of src, and no line for what is not there.
. "$(dirname "$0")/rule.sh"

# violations TREE
violations()
{
	(cd "$1/src" && find . -type f \( -name '*.[ch]' -o -name '*.sym' \) | sed 's,^\./,,' | sort) |
	awk -v map="$1/src/README" '
	BEGIN {
		while ((getline line < map) > 0) {
			split(line, word, " ")
			if (line ~ /^[a-z]+(\/[a-z]+)*\/  /) room = word[1]
			else if (line ~ /^[^ ]/) room = ""
			else if (room != "" && line ~ /^    [a-z]/) entry[room word[1]] = 1
		}
	}
	{
		file = $0; sub("[.][ch]$", "", file)
		found = (file in entry); used[file] = 1
		for (name = file; !found && name ~ "[^/]$"; sub(".$", "", name))
			if ((name "*") in entry) { found = 1; used[name "*"] = 1 }
		if (!found && !(file in said)) print "src/" $0 ": not in src/README"
		said[file] = 1
	}
	END {
		for (name in entry)
			if (!(name in used)) print "src/README: " name " is not there"
	}' | sort
}

plant src/README <<-'E'
	The map.
	base/  pure helpers
	    attr             attributes
	    gone             nothing
	    print*           a family
E
for file in base/attr.h base/print.c base/print_number.c base/spin.c base/spin.h; do
	echo | plant "src/$file"
done
expect 2 "$planted"
verdict "$top_srcdir"
