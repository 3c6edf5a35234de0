#!/bin/sh
# rooms.sh - who may include whom.  The table is the map of the rooms: a room, then what its
# files may include beside their own room (a room, or one header of it).
. "$(dirname "$0")/rule.sh"

table='base
proto base leaktop
sampler/core base leaktop/wire.h
sampler/cpython base sampler/core
sampler/native base sampler/core
sampler/heap base sampler/core sampler/cpython
sampler/freeze base sampler/core sampler/cpython sampler/heap
sampler/process base sampler/core leaktop/wire.h
sampler base proto leaktop sampler/core sampler/cpython sampler/native sampler/heap sampler/freeze sampler/process
attach base util leaktop
util base
model base util leaktop/snapshot.h
analysis base util model
client base util proto model leaktop analysis/identity.h
export base util model analysis leaktop/snapshot.h
ui base util model analysis client/source.h client/discover.h client/successor.h export/export.h
cli base util model analysis client export ui proto attach/attach.h attach/preflight.h leaktop'

# An outside header, and the only files that may include it (- for none).
outside='curses\.h|ncurses|<term\.h> ui/tty\.c
jansson\.h (proto|export)/|client/source_file
zlib\.h export/pprof
Python\.h -
check\.h -
stdio\.h (proto|attach|util|model|analysis|client|export|ui|cli)/'

violations()
{
	(cd "$1/src" && find . -name '*.[ch]' | sed 's,^\./,,' | sort |
	    xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null) |
	awk -v table="$table" -v outside="$outside" '
	BEGIN {
		rooms = split(table, row, "\n")
		for (i = 1; i <= rooms; i++) {
			n = split(row[i], word, " ")
			known[word[1]] = 1
			for (j = 1; j <= n; j++) may[word[1], word[j]] = 1
		}
		outsiders = split(outside, out, "\n")
	}
	function room_of(path) {
		while (!(path in known) && sub("/[^/]*$", "", path));
		return path
	}
	{
		split($0, part, ":"); file = part[1]; room = room_of(file)
		if (!(room in known)) print file ": no such room in the table"
		if (match($0, "\"[^\"]+\"")) {
			head = substr($0, RSTART + 1, RLENGTH - 2)
			if (head == "config.h" || head == "leaktop/sampler.h") next
			if (index(head, "/") == 0) print $0 ": say which room"
			else if (!((room, room_of(head)) in may) && !((room, head) in may))
				print $0 ": not for room " room
		} else for (i = 1; i <= outsiders; i++) {
			split(out[i], word, " ")
			if ($0 ~ "<.*" word[1] && file !~ "^(" word[2] ")")
				print $0 ": not for this file"
		}
	}'
}

plant src/ui/table.c <<-'E'
	#include "config.h"
	#include "client/source.h"
	#include <ncurses.h>
	#include "client/source_live.h"
	#include "proto/message.h"
E
plant src/ui/tty.c <<-'E'
	#include <curses.h>
	#include "tty.h"
E
plant src/ui/views/stacks.c <<-'E'
	#include <jansson.h>
	#include "model/arena.h"
	#include "sampler/sampler.h"
E
plant src/sampler/core/live.c <<-'E'
	#include "base/attr.h"
	#include <stdio.h>
	#include "util/text.h"
E
plant src/cellar/wine.c <<-'E'
	#include <string.h>
E
expect 9 "$planted"
verdict "$top_srcdir"
