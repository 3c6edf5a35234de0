#!/bin/sh
# cli.sh - leaktop without a terminal, against a fake sampler: exit codes, words, frames.
# shellcheck source-path=SCRIPTDIR disable=SC2154 # what fake.sh sets
. "$(dirname "$0")/fake.sh"

# ---- usage ---------------------------------------------------------------------------------
for command in '' run attach detach doctor list baseline pause resume scan export record open diff; do
	# shellcheck disable=SC2086 # none or one word
	gives 0 $command --help
	says out '^Usage: leaktop'
	silent err
	# shellcheck disable=SC2086
	gives 0 $command --version
	says out '^leaktop [0-9]+\.[0-9]+'
done
gives 1 --frobnicate;		says err 'no such option: --frobnicate'; silent out
gives 1 -Q;			says err 'no such option: -Q'
gives 1 -b;			says err 'wants a PID or a NAME'
gives 1 -b -n 0 1;		says err "-n|--frames: '0' is no N"
gives 1 -b --sort age 1;	says err 'one of delta, rate, live'
gives 1 -b -n;			says err 'wants N'
gives 1 --json=yes 1;		says err 'takes no value'
gives 1 detatch 12;		says err "'detatch' is no command"
gives 1 attach;			says err 'wants PID'
gives 1 attach --interval 1 1;	says err '1K to 1G'
gives 1 attach no-such-program-here; says err 'no Python process'
gives 1 -b no-such-program-here; says err 'no command.*no Python process'
gives 1 baseline;		says err 'wants PID'
gives 1 baseline 1 a b;		says err "too many words, from 'b'"
gives 1 pause;			says err 'wants PID'
gives 1 resume 1 2;		says err "too many words, from '2'"
gives 1 scan 1;			says err 'wants PID'
gives 1 scan 1 everything;	says err 'scan what'
gives 1 scan 1 referrers;	says err 'wants --type NAME, --stack ID or --address HEX'
gives 1 scan 1 referrers --type A --stack 3; says err 'wants --type NAME'
gives 1 scan 1 referrers --address 7f2a; says err 'like 0x7f2a10004000'
gives 1 scan 1 containers --baseline 1; says err 'for types alone'
gives 1 scan 1 referrers --stack 0;	says err 'stack'
gives 1 export --format yaml 1;	says err 'no such format: yaml'
gives 1 diff;			says err 'wants A.json'
gives 1 record 1;		says err 'wants -o FILE'
gives 1 diff --fail-over many a b; says err "'many' is no SIZE"
gives 2 open "$work/none.json";	says err 'none.json'
gives 1 run;			says err 'wants -- COMMAND'
gives 1 run --interval 1 -- true; says err '1K to 1G'
gives 1 run --memory 1G -- true; says err '4M to 32M'
gives 1 run --budget 1e2 -- true; says err '0 to 100 percent'
gives 1 run --native some -- true; says err 'stacks, python or off'
gives 1 run --budget 101 -- true; says err '0 to 100 percent'
gives 1 run --dir here -- true;	says err 'absolute'
says err '^Try: leaktop run --help'
gives 2 -b 4194305;		says err 'no process 4194305'
gives 2 -b $$;			says err 'does not run Python'
gives 1 -b "$(printf 'x\033[2J')";	harmless err

# ---- run -----------------------------------------------------------------------------------
export LEAKTOP_SAMPLER="$work/none.so"
gives 2 run -- true
says err "sampler is missing: $work/none.so"
cp /dev/null "$work/libleaktop-sampler.so"
export LEAKTOP_SAMPLER="$work/libleaktop-sampler.so"
gives 2 run -- "$work/no-such-program"
says err 'no-such-program: No such file'
# An empty library is refused by the loader with a word on stderr and nothing else.
export LD_PRELOAD=libleaktop-none.so
# shellcheck disable=SC2016 # for the inner shell
gives 5 run --interval 64K --memory 8M --budget 2.5 --dir "$folder" -- \
	sh -c 'echo "$LD_PRELOAD $LEAKTOP_INTERVAL $LEAKTOP_MEMORY $LEAKTOP_BUDGET $LEAKTOP_DIR" "$@"; exit 5' - --json -x
unset LEAKTOP_SAMPLER LD_PRELOAD
says out "^$work/libleaktop-sampler.so:libleaktop-none.so 65536 8388608 2.5 $folder --json -x\$"

# ---- frames --------------------------------------------------------------------------------
start_fake
gives 0 -b "$pid"
silent err
says out "^leaktop $pid@.* py3.11.2 sampling at .* frame 1: .*python"
grep -q '^leaktop .\{93\}' "$work/out" && fail 'a heading of more than 100 columns'
says out '^Why: [a-zA-Z]'
says out '^RSS 182.0M .*python 4.5M .*limit 512.0M .*interval 512.0K'
says out "^since B2 '', 250ms ago"
says out ' shop.cart.price_key /srv/shop/cart.py:88$'
gives 0 -b -n 3 -d 0.1 fake_sampler
[ "$(grep -c '^leaktop ' "$work/out")" -eq 3 ] || fail 'not three frames'
gives 0 -b --json -n 2 -d 0.1 "$pid"
jq -es 'length == 2 and .[1].frame == 2 and .[1].at > .[0].at and .[0].pid == '"$pid"' and
	.[0].rss_bytes == 190840832 and .[0].reference.baseline == 2 and
	.[0].gc_pauses.longest_us == 84000.3 and
	(.[0].rows | length == 2) and (.[0].rows[0] | .function == "shop.cart.price_key" and
	.line == 88 and .live_bytes == 4718592 and .rate_bytes_per_min == null)' \
	"$work/out" >/dev/null || fail 'JSON frames'
gives 0 --json --baseline start --top 1 --sort live "$pid"
holds '.reference == {baseline: 0, name: "start", window_s: 61.125} and (.rows | length == 1) and
	.rows[0].live_bytes == 4718592' 'growth since the start'
gives 0 --json --baseline warm "$pid"
holds '.reference.baseline == 1 and .reference.name == "warm" and
	.rows[0].delta_bytes == 2621440' 'growth since warm'
gives 0 --json --filter JSON/ "$pid"
holds '[.rows[].line] == [353]' 'filter'
gives 0 --json --filter '!json/' "$pid"
holds '[.rows[].line] == [88]' 'excluding filter'
gives 0 --json --filter '~raw_?decode$|nothing' "$pid"
holds '[.rows[].line] == [353]' 'regular expression'
gives 0 --json --filter '!~^/usr/' "$pid"
holds '[.rows[].line] == [88]' 'excluding regular expression'
gives 1 -b --filter '~(' "$pid"; says err '--filter ~\(: .*[Uu]nmatched'; silent out
gives 0 --json --filter 'file:json & !thread:nobody' "$pid"
holds '[.rows[].line] == [353]' 'two terms'
gives 0 --json --filter 'func:json/' "$pid"
holds '.rows == []' 'the file is no function'
gives 0 --json --filter 'mod:~^shop\.cart$' "$pid"
holds '[.rows[].line] == [88]' 'a module'
gives 0 --json --filter 'domain:obj' "$pid"
holds '[.rows[].line] == [88]' 'a domain'
gives 1 -b --filter 'a & b & c & d & e' "$pid"; says err 'more than 4 terms'; silent out
gives 0 -b --units decimal "$pid"
says out '^RSS 190.8M .*python 4.7M .*limit 536.9M .*interval 524.3k'
gives 0 -b --units bytes "$pid"
says out '^RSS 190840832 .*python 4718592 .*limit 536870912 .*interval 524288 '
says out '^            DELTA             \+/- OBJECTS          RATE/m            LIVE  SURV SITE'
says out ' 4718592 +[0-9]+/[0-9]+ shop.cart.price_key '
gives 1 -b --units octets "$pid"; says err 'one of binary, decimal, bytes'
gives 0 -b "$pid"
says out '^     DELTA      \+/- OBJECTS   RATE/m     LIVE  SURV SITE FILE:LINE$'
says out '^[! ] +[-+0-9.]+[BKMGT]? +[0-9.]+[BKMGT]? +[-+0-9.]+[kMGT]? +\S+ +[0-9.]+[BKMGT]? +[0-9]+/[0-9]+ \S+ \S+:[0-9]+$'
gives 2 -b --baseline cold "$pid"; says err "no baseline 'cold'"
gives 2 "$pid"; says err 'no terminal: use leaktop -b'
gives 2; says err 'leaktop list'

# ---- the frozen heap ---------------------------------------------------------------------
gives 0 scan "$pid" types
says out '^612k objects of 61 types, 30.7M; pause 1.3 ms, read in 40ms, 20.0K copied$'
says out '^120 of them, 6.6K, are garbage'
says out '^ *200000 +10.7M +120 +120  shop.cart.Item$'
says out '^14 objects are in gc.garbage: 12 shop.cart.Handle, 2 dict$'
says out '^ +about 10.0M by price_key, /srv/shop/cart.py:88$'
says out '^ +about 512.0K by stack 7, without Python$'
silent err
says out '^310 objects are in 74 reference cycles, 180 of them garbage: 120 shop.cart.Item, 60 dict, 16 function$'
gives 0 scan "$pid" types --json --filter cart
holds '.cycles.cycles == 74 and .cycles.types[0] == {"type": "shop.cart.Item", "objects": 120,
	"garbage_objects": 120}' 'cycles as JSON'
holds '.pause_us == 1285.7 and .complete and .types == [{"type": "shop.cart.Item",
	"objects": 200000, "bytes": 11200000, "garbage_objects": 120, "garbage_bytes": 6720,
	"cyclic_objects": 120, "samples": 21, "sites": [{"stack": 3, "samples": 20, "bytes": 10485760,
	"function": "price_key", "file": "/srv/shop/cart.py", "line": 88}, {"stack": 7, "samples": 1,
	"bytes": 524288, "function": "", "file": "", "line": 0}]}]' 'types as JSON'
gives 0 scan "$pid" containers
says out '^48.2k objects, frozen and read in 42ms, pause 1.9 ms, 20.0K copied$'
says out '^ *231k +10.0M +none  dict +shop.cart._PRICES +tuple 100% : shop.cart.Price 99%, NoneType 1%$'
says out '^ *1.2k +9.4K +-  list +unknown *$'
gives 0 scan "$pid" containers --json --filter PRICES
holds '.by == "freeze" and .copied_bytes == 20480 and .pause_us == 1893.2 and
	.containers == [{"address": "0x7f2a10c04040",
	"type": "dict", "length": 231000, "shallow_bytes": 10485856, "bound": 0,
	"owner": "shop.cart._PRICES", "looked": 4053, "keys": [{"type": "tuple", "count": 4053}],
	"values": [{"type": "shop.cart.Price", "count": 4000}, {"type": "NoneType", "count": 53}],
	"then": [{"baseline": 1, "length": 12000}, {"baseline": 2, "length": 190000}]}]' 'containers as JSON'
gives 0 scan "$pid" referrers --type shop.cart.Item
says out '^200000 objects of type shop.cart.Item, 10.7M, in 3 ways$'
says out '^ *190000 +10.1M +21.1M  shop.cart._PRICES\[\]$'
says out '^120 of them are in cycles of 2: shop.cart.Item -> dict -> shop.cart.Item$'
says out '^9 of them are in cycles: .others.$'
gives 0 scan "$pid" referrers --type Item --json --top 1
holds '.cycles[0] == {"cycle": "shop.cart.Item -> dict -> shop.cart.Item", "length": 2, "cycles": 60,
	"objects": 120}' 'the cycles of objects as JSON'
holds '.path_count == 3 and .referrers == [{"path": "shop.cart._PRICES[]", "objects": 190000,
	"bytes": 10640000, "retained_bytes": 22080000}]' 'referrers as JSON'
gives 0 scan "$pid" referrers --stack 3
says out '^10000 live samples of stack 3, 9990 of them in 9990 Python objects, mostly of type shop.cart.Item; the others in none'
says out '^9812 of 9990 sampled objects are held by shop.cart._PRICES\[\]$'
gives 0 scan "$pid" referrers --stack 3 --json
holds '.stack == 3 and .samples == 10000 and .found == 9990 and (.referrers | length == 2)' \
	'the referrers of a stack as JSON'
gives 0 scan "$pid" referrers --address 0x7f2a10004000
says out '^the dict at 0x7f2a10004000, 8.9M$'
gives 0 scan "$pid" referrers --address 0x7f2a10004000 --json
holds '.address == "0x7f2a10004000" and .referrers[0].retained_bytes == 31451752' \
	'the referrers of an object as JSON'

# ---- snapshots -----------------------------------------------------------------------------
gives 0 export "$pid" -o "$work/a.json"
[ "$(cat "$work/out")" = "$work/a.json" ] || fail 'export does not print its path'
[ "$(stat -c %a "$work/a.json")" = 600 ] || fail 'a snapshot is not private'
gives 0 export "$pid" -o -
cp "$work/out" "$work/b.json"
for file in a b; do
	jq -e '.schema == "leaktop.snapshot/1" and (.stacks | length == 2) and
		(.baselines | length == 2) and (.containers | length == 2) and
		.memory.uss_bytes == 184549376 and .process.pid == '"$pid" \
		"$work/$file.json" >/dev/null || fail "snapshot $file"
done
[ -z "$(find "$work" -name 'leaktop-*' ! -name '*.sock')" ] || fail 'a temporary file stays'
gives 2 export "$pid" -o "$work/no/such/folder.json"
says err 'no/such/folder'
gives 0 open "$work/a.json"
says out ' shop.cart.price_key /srv/shop/cart.py:88$'
gives 0 open --json "$work/a.json"
holds '.reference.baseline == 2 and (.rows | length == 2)' 'a snapshot as JSON'
gives 0 diff "$work/a.json" "$work/b.json" --fail-over 0
says out 'the same process: live 0, RSS 0'
silent err
# 20M more in one stack; 1M more in all
jq '.stacks[0].born[0].bytes += 20971520' "$work/a.json" >"$work/stack.json"
jq '.totals.live_bytes += 1048576' "$work/a.json" >"$work/total.json"
gives 0 diff "$work/a.json" "$work/stack.json" --fail-over 21M
silent err
gives 3 diff "$work/a.json" "$work/stack.json" --fail-over 19M
says err 'one stack grew by 20.0M, more than 19.0M: '
gives 0 diff "$work/a.json" "$work/total.json" --fail-over 1M
gives 3 diff "$work/a.json" "$work/total.json" --fail-over 1048575
says err 'live memory grew by 1.0M'
gives 3 diff --json "$work/a.json" "$work/stack.json" --fail-over 1
holds '.same_process and .delta_live_bytes == 0 and .stacks[0].delta_bytes == 20971520 and
	(.stacks[0].frames | length > 0)' 'diff as JSON'
echo '{"schema":"leaktop.snapshot/2"}' >"$work/d.json"
gives 2 diff "$work/a.json" "$work/d.json"; says err 'd.json'
head -c 1000 "$work/a.json" >"$work/e.json"
gives 2 open "$work/e.json"; says err 'e.json'

# ---- baseline, list ------------------------------------------------------------------------
gives 0 baseline "$pid" 'after load'
says out '^3$'
gives 1 baseline "$pid" "$(printf '%065d' 0)"; says err 'at most 64 bytes'
gives 0 list
says out "^ *$pid .* yes .*fake_sampler"
gives 0 list --json
jq -es "map(select(.pid == $pid)) | length == 1 and (.[0] | .has_sampler and .name == \"fake_sampler\"
	and .socket_path == \"$folder/leaktop-$pid.sock\")" "$work/out" >/dev/null || fail 'list --json'
socket=$folder/leaktop-$pid.sock
kill -KILL "$pid"
stop_fake 2>/dev/null
[ -S "$socket" ] || fail 'the killed one left no socket to sweep'
gives 0 list
[ ! -e "$socket" ] || fail 'a dead socket stays'

# ---- a process that ends in the middle ------------------------------------------------------
start_fake
"$leaktop" -b -n 1000 -d 0.1 "$pid" </dev/null >"$work/out" 2>"$work/err" 7>&- &
frames=$!
until grep -q 'frame 2:' "$work/out"; do
	kill -0 "$frames" || fail 'no second frame'
	sleep 0.02 # poll: until leaktop has it or has ended
done
stop_fake
wait "$frames"
[ $? -eq 2 ] || fail 'the end of the process is no failure'
says err "process $pid has ended"
grep -q 'frame 1000:' "$work/out" && fail 'frames of a dead process'

# ---- samplers that are no good -------------------------------------------------------------
start_fake hostile
gives 0 -b "$pid"
says out '/srv/.*gnp\.py'
harmless out
gives 0 list; harmless out
gives 0 --json --baseline start "$pid"
holds '.rows[0].function | test("2J\"caf")' 'a hostile name in JSON'
LC_ALL=C tr -d '\n -\176\200-\377' <"$work/out" | grep -q . && fail 'control bytes in JSON'
for words in 'stranger 2 refused' 'old 2 protocol.2' 'silent 2 no.answer' \
	'garbage 2 no.answer'; do
	# shellcheck disable=SC2086 # three words
	set -- $words
	start_fake "$1"
	gives "$2" -b "$pid"
	says err "$3"
	harmless err
	silent out
done
echo "PASS $test_name: $checks checks"
