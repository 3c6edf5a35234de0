#!/bin/sh
# names.sh - foo.c exports only lk_foo_*, so that a call says which file to open.  A file named
# foo_bar.c may also use its noun's first words: lk_foo_*.  Several files may share one header:
# those without a header of their own, and all that is declared in a x_private.h beside them.
. "$(dirname "$0")/rule.sh"
need nm

# Names that follow a table instead: a row of it, a view, an entry point of the sampler,
# the words of an enum.
other='ui/views/.* lk_view_
ui/theme lk_role_letter$
ui/columns.* lk_col_
ui/columns.* lk_column
cli/main main$
cli/pause lk_resume_command$
client/discover lk_discovery_
sampler/cpython/v3[0-9]+t? lk_py_v3
sampler/cpython/v3[0-9]+t? lk_py_v3
sampler/sampler leaktop_
sampler/connection lk_handle_
model/snapshot lk_(domain|state)_(name|parse)$'

# violations BUILD SOURCE: objects left over from files that are gone do not count.
violations()
{
	(cd "$1/src" && find . -name '*.o' | sed 's,^\./,,' | sort -u | while read -r object; do
		file=$(echo "$object" | sed -E 's,\.libs/,,; s,[A-Za-z0-9_]*-,,; s,\.o$,,')
		[ -f "$2/src/$file.c" ] || continue
		shared='*.h'
		[ ! -f "$2/src/$file.h" ] || shared='*_private.h'
		nouns=$(find "$2/src/$(dirname "$file")" -maxdepth 1 -name "$shared" |
		    sed -E 's,.*/,,; s,(_private)?\.h$,,' | paste -sd '|')
		nm --defined-only --extern-only "$object" | sed "s,^,$file (${nouns:--}) ,"
	done) | awk -v other="$other" '
	BEGIN { n = split(other, row, "\n") }
	$(NF - 1) ~ /^[A-Za-z]$/ && $NF !~ /^_*(asan|ubsan|odr)/ {
		noun = $1; sub(".*/", "", noun)
		do {
			if ($NF ~ "^lk_" noun "(_|$)") next
		} while (sub("_[^_]*$", "", noun));
		if ($NF ~ "^lk_" $2 "_") next
		for (i = 1; i <= n; i++) {
			split(row[i], word, " ")
			if ($1 ~ "^" word[1] "$" && $NF ~ "^" word[2]) next
		}
		if (!(($1, $NF) in seen)) print "src/" $1 ".c: exports " $NF
		seen[$1, $NF] = 1
	}'
}

need "${CC-cc}"
plant src/model/history_ring.c <<-'E'
	int lk_history_add(void), lk_history_ring_peek(void), lk_histories, add;
	int lk_history_add(void) { return add; }
	int lk_history_ring_peek(void) { return lk_histories; }
	static int remove_last(void) { return 0; }
	int lk_ring_drop(void) { return remove_last(); }
E
mkdir "$planted/src/model/.libs"
${CC-cc} -c -o "$planted/src/model/.libs/libmodel_la-history_ring.o" \
	"$planted/src/model/history_ring.c" || exit 1
expect 3 "$planted" "$planted"
verdict "$top_builddir" "$top_srcdir"
