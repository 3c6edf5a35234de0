/* wire.h - the protocol between leaktop and libleaktop-sampler.so: its specification.
 * Rooms: proto and sampler (the server), proto and client (the client).
 *
 * Transport.  A Unix stream socket (path: sampler.h).  Each side writes JSON
 * objects, one per line, UTF-8, terminated by '\n', no line longer than
 * LK_WIRE_LINE_MAX.  To look by hand:
 *     echo '{"id":1,"op":"subscribe"}' | socat -t5 - UNIX:leaktop-PID.sock | jq -c .
 * Peers are checked by SO_PEERCRED on both sides: same effective uid, or root.
 * A stranger gets {"t":"bye","reason":"not permitted"} and is closed.
 *
 * Numbers.  Times "at" are seconds since the epoch, as decimals.  Quantities
 * name their unit.  null means unknown, never zero.  "bytes", "objects" and
 * "variance" (bytes^2) of a cell are estimates from samples; "count" is the
 * number of samples behind them.
 *
 * Spelling, so that the golden files of tests/wire/golden hold byte for byte: keys
 * in the order below, no spaces; S with three decimals; X with one, duty with four, *_percent
 * with three; N, and the points of history and trends, whole (a point that was
 * missed is null).  In strings only '"', '\\' and bytes below 0x20 (as \u00xx) are
 * escaped; NUL and what is no UTF-8, lone surrogates too, becomes U+FFFD.
 *
 * ---- server to client -----------------------------------------------------
 * Every line has "t".  A client ignores types and fields it does not know.
 *
 * hello     first line of every connection
 *   {"t":"hello","protocol":1,"version":"0.1.0","pid":41207,"start_time":1234567,
 *    "python":"3.11.2","started_at":S,"at":S,"interval_bytes":524288,
 *    "memory_cap_bytes":16777216,"state":"sampling","reason":"","mode":"slots"}
 *   start_time: field 22 of /proc/PID/stat (clock ticks), with pid the identity.
 *   started_at: since when it counts.  state: sampling, paused, dormant.
 *   reason: why it is not sampling, in words.  mode: slots or hash (SAMPLING in
 *   src/README: how frees of sampled blocks are recognised).
 *
 * reply     to each request, in the order of the requests, echoing its id
 *   {"t":"reply","id":1,"ok":true, ...}    further fields depend on the op
 *   {"t":"reply","id":1,"ok":false,"code":"unknown-op","error":"words"}
 *   codes: bad-json, unknown-op, bad-argument, limit, busy, unavailable, cancelled.
 *   A line that is no JSON object with an "op" is answered with "id":null.
 *
 * names     defines ids used later on this connection, from 1; each id is sent once
 *   {"t":"names","strings":[[1,"shop.cart"],...],
 *    "frames":[[7,FUNCTION_STRING,FILE_STRING,LINE],
 *              [8,BUILD_ID_STRING,OBJECT_STRING,ADDRESS,1],...],
 *    "stacks":[[3,"obj",THREAD_STRING,FLAGS,[FRAME,...innermost first]],...]}
 *   A frame of five elements, the last one 1, is native.  BUILD_ID: of the object, lower-case
 *   hex, "" when it has none.  OBJECT: the path of the mapped file as in /proc/PID/maps.
 *   ADDRESS: the return address less the object's load bias, so an address of the ELF file;
 *   the call is the instruction before it.  Code outside of any object, or so far into one
 *   (4 GB) that it is not kept: ADDRESS 0, outside of any with OBJECT "".  A symbol is
 *   looked up by the client, never in the target.
 *   domain: obj, mem, raw, native.  flags: 1 truncated at LK_FRAMES_MAX (outermost
 *   lost), 2 allocated by several threads (THREAD is the first), 4 no Python stack.
 *
 *   Ids grow: one is never used again for something else, by no connection.
 *
 * reset     to subscribers, before the next live
 *   {"t":"reset"}
 *   The sampler has let go of stacks that nothing lives of, to have room for others; what they
 *   had allocated is in the row "(stacks no longer alive)" of their domain.  (When nearly all
 *   stacks hold something, of those with the fewest live bytes: these are in "(no room for more
 *   stacks)".)  All names and all rows, of what is still there, follow anew: a reader drops
 *   those that it has, and may ask for the rows of baselines again, where what was let go of is
 *   in the same two rows.  A sampler that never lets go sends none.
 *
 * live      to subscribers, every period: the stacks that changed since the last one
 *   {"t":"live","seq":12,"at":S,"more":false,
 *    "rows":[[STACK,ALLOCATED_BYTES,ALLOCATED_OBJECTS,ALLOCATED_COUNT,
 *             [[EPOCH,COUNT,BYTES,OBJECTS,VARIANCE],...]],...]}
 *   A row replaces all that was known of its stack; cells are live now, by the epoch
 *   of their birth, ascending.  Epoch 0 is before the first baseline, epoch N after baseline N
 *   was marked.  A stack without cells has nothing live.  "more":true: the same state
 *   continues in the next line.  Freed = allocated - live.
 *   Loss rule: a reader that is slow misses ticks, never content: what it misses is
 *   in the next live it can take, because rows are chosen by what this connection
 *   was last sent.  seq counts ticks, so a jump shows what was skipped.
 *
 * tick      to subscribers, every period, after live
 *   {"t":"tick","seq":12,"at":S,"state":"sampling","reason":"","native":"stacks",
 *    "interval_bytes":N,"rss_bytes":N,"live_bytes":X,"live_objects":X,"live_variance":X,
 *    "native_live_bytes":X,
 *    "samples_total":N,"samples_live":N,"samples_per_s":X,"cost_percent":X,
 *    "budget_percent":X,"duty":X,"hooks":N,
 *    "drops":N,"thinned":N,"sampler_bytes":N,"stacks":N,"clients":N,
 *    "cgroup_limit_bytes":N|null,"cgroup_used_bytes":N|null,"events":N}
 *   cost_percent: an estimate of what the sampler did in the last second (samples by the clock, an
 *   allowance for each hooked allocation, its threads), of the processor time that the process
 *   used in it (of a quarter of a processor when that is more).
 *   budget_percent: what that may be, 0: no matter; above it, it samples less: interval_bytes
 *   grows, and duty, the share of time in which allocations of obj and mem are seen, shrinks.
 *   Both are in the estimates.  interval_bytes/duty is what one sample of a small block stands for,
 *   at least.  The small blocks of a burst shorter than a slot of 40 ms are all missed with
 *   probability 1 - duty; no error bar shows what was never seen.
 *   hooks: functions of the sampler in CPython's allocators now; 0: none there.  Those of native
 *   memory are not in this number.  One beneath somebody else's (tracemalloc) counts until it can
 *   be taken out.
 *   native: whether what libraries take from malloc and mmap by themselves is counted: stacks
 *   (with native frames), python (Python frames alone), off; while paused, what it will be after
 *   resume.
 *   live_bytes, live_objects and live_variance are of Python's own domains: obj, mem, raw;
 *   native_live_bytes of the domain native.  A sampler without these two counts none.
 *   drops: samples lost for want of room or of the lock, since the start.
 *
 * baselines to subscribers at first and whenever the list changes
 *   {"t":"baselines","list":[{"id":1,"name":"warm","at":S,"rss_bytes":N,
 *     "live_bytes":X,"interval_bytes":N},...]}      ids ascending
 *
 * history   {"t":"history","id":..,"series":["rss_bytes","live_bytes"],
 *            "rings":[{"step_s":1,"end":S,"points":[[RSS,LIVE],...oldest first]},...]}
 * trends    {"t":"trends","step_s":10,"end":S,"rows":[[STACK,[BYTES,...oldest first]],...]}
 *           both sent before the reply to their request.
 *
 * memory    the ledger, before the reply to its request
 *   {"t":"memory","at":S,"rss_bytes":N,"pss_bytes":N,"uss_bytes":N,"anonymous_bytes":N,
 *    "file_bytes":N,"shared_bytes":N,"swap_bytes":N,"python_live_bytes":X,
 *    "pymalloc_arena_bytes":N|null,"malloc_live_bytes":N|null,"malloc_free_bytes":N|null,
 *    "malloc_mmap_bytes":N|null,"sampler_bytes":N,"cgroup_limit_bytes":N|null,
 *    "cgroup_used_bytes":N|null,"gc_enabled":true,
 *    "gc":[{"count":N,"threshold":N,"collections":N,"collected":N,"uncollectable":N}*3],
 *    "gc_pauses":null|{"exact":false,"watched_s":S,"looks":N,"collections":N,"seen":N,"total_us":X,
 *     "longest_us":X|null,"longest_error_us":X|null,"longest_generation":N|null,"unseen_us":X}}
 *   pss_bytes and uss_bytes are older than the rest, by as much as 3,000 times what it takes the
 *   kernel to look at each page for them: a minute for a gigabyte or so.
 *   gc_pauses: how long the collector of the main interpreter collects.  Where that keeps the times
 *   (3.15) these are told: exact, since the sampler started.  Else the sampler looks every few
 *   milliseconds (watched_s by looks) whether it collects, while a client asks for it (watch_s
 *   below); null: nobody has.  collections: that ended in watched_s; seen: of these, met by a look
 *   at least, from beginning to end.  total_us: in collections, also in those that were too short
 *   to be seen; an estimate without bias where it is not exact.  longest_us: of the seen ones,
 *   within longest_error_us.  What was not seen took no longer than unseen_us; 0: all was seen.
 *   Where it is not exact, a collection includes its gc.callbacks.  Finalizers and callbacks may
 *   let other threads run.
 *
 * containers  before the reply to its request
 *   {"t":"containers","at":S,"by":"freeze","pause_us":X,"scan_ms":X,"copied_bytes":N|null,
 *    "objects":N,"min_length":1000,"complete":true,"reason":"","rows":[{"address":"0x7f..",
 *     "type":"dict","length":N,"shallow_bytes":N,"bound":N|null,"stack":ID|null,
 *     "owner":"shop.cart._PRICES"|null,"looked":N,"keys":[["str",N],...],
 *     "values":[["shop.cart.Price",N],...],"then":[[BASELINE,LENGTH|null],...]},...],
 *    "more":false}
 *   The largest containers: list, dict, set, frozenset, tuple, str, bytes, bytearray, array.array,
 *   mmap, numpy's arrays, deque, OrderedDict, functools.lru_cache, the queues of queue and asyncio,
 *   weakref's dicts and sets, and what comes from these, by its own type; rows are in the order of
 *   their length, where 64 bytes of what has no items count as one.  A queue has the length of what
 *   it has its items in, which is then no row.  "more":true: others follow in the next line.
 *   by: freeze, or walk where there can be none: then reason says why, and rows are what a walk
 *   over the collector's lists in short slices finds: without what is not tracked, unless a module
 *   or class holds it, or whose type is known by its name alone.  progress, as below, comes
 *   before it.
 *   A subscriber's ticks go on until the answer is there, between its progress.
 *   pause_us: the longest time in which nobody else had the GIL.  copied_bytes: as in frozen.
 *   bound: it cannot become longer: maxlen, maxsize; 0: none; null: not known, or its length stays.
 *   owner: a way to it, as in referrers.
 *   looked: so many of its items were looked at, from all over it; keys and values: the types of
 *   most of them, of what weak references refer to, of the results of an lru_cache.
 *   then: the length which the same object had when that baseline was marked, null: it may not be
 *   the same (marks.h), or the baseline does not know; one that was shorter than 1000 then, or was
 *   not there, is left out.
 *   complete false: some may be missing; reason says why.  Without a GIL: "unavailable".
 *
 * types     before the reply to its request; first how the heap was frozen for it
 *   {"t":"progress","id":1,"done":N,"found":N}     objects looked at and found so far
 *   {"t":"frozen","at":S,"pause_us":X,"walk_ms":X,"copied_bytes":N|null,"table_bytes":N,
 *    "objects":N,"bytes":N,"types":N,"garbage_objects":N|null,"garbage_bytes":N|null,
 *    "complete":true,"reason":""}
 *   {"t":"cycles","cycles":N,"objects":N,"garbage_objects":N,
 *    "rows":[["shop.cart.Node",OBJECTS,GARBAGE_OBJECTS],...]}
 *   {"t":"uncollectable","objects":N,"rows":[["shop.cart.Handle",OBJECTS],...]}
 *   {"t":"types","rows":[["shop.cart.Item",OBJECTS,BYTES,GARBAGE_OBJECTS,GARBAGE_BYTES,
 *    CYCLIC_OBJECTS|null,SAMPLES|null,[[STACK,SAMPLES,BYTES,"price_key","/srv/shop/cart.py",88],
 *    ...]],...],"more":false}
 *   The heap is looked at in a copy-on-write child of the process.  pause_us: how long nobody else
 *   had the GIL.  copied_bytes: what the process wrote to while the child lived, and so was
 *   copied by the kernel.  table_bytes: the child's own memory, until its end.
 *   Objects are those that the collector tracks, and what they hold; bytes are theirs and those of
 *   their tables.  Garbage, among these, is what a collection would find; null (in the rows 0): the
 *   child had too little memory to tell.  Rows have the most bytes first; "more":true: others
 *   follow in the next line.
 *   CYCLIC_OBJECTS: as of cycles.  SAMPLES: the live samples that are objects of the type, or where
 *   these have their items (the table of a dict, say); then the stacks that allocated most of their
 *   bytes (estimated as in live), the first three, with the innermost Python frame: function, file
 *   and line; "", "" and 0 when there is none.  Both null: not looked for, or too little memory.
 *   cycles: objects that hold themselves over others, and how many sets of such objects there are;
 *   the types with most of these.  A cycle that is alive and passes a class, a module or its
 *   namespace is none here: nearly all objects are in one.  Not told when the child had too
 *   little memory, nor by older samplers.
 *   uncollectable: what is in gc.garbage, as the collector gave it up (or was told to keep it, by
 *   gc.DEBUG_SAVEALL), and the types of most of it.  Not told where that list is none.
 *   Counted, too, is what other interpreters of the process have, if they share the main one's GIL;
 *   what has a GIL of its own may be changing, is left out, and that is a reason.
 *   complete false: some are missing; reason says why.  A client that closes its
 *   connection gives up the freeze, unless another one waits for it, too.
 *
 * referrers who holds the objects of a type, those that the live samples of a stack belong to, or
 *           one object: before the reply to its request, after frozen
 *   {"t":"referrers","type":"shop.cart.Item","stack":ID|null,"samples":N|null,"found":N|null,
 *    "address":"0x7f.."|null,"objects":N,"bytes":N,"paths":N,
 *    "cycles":[["shop.cart.Node -> dict -> shop.cart.Node",LENGTH,CYCLES,OBJECTS],...],
 *    "rows":[["shop.cart._PRICES[]",OBJECTS,BYTES,RETAINED_BYTES|null],...]}
 *   type: as it was asked for, else the type of most of these objects, "" when there are none.
 *   samples: of the stack, alive when the heap was frozen; found: how many of these are an object
 *   that was found, or where one has its items (the table of a dict, say: then the dict is meant).
 *   What was not found is native memory, or what only C code holds, and not in objects.
 *   A row is a way to these objects, as far as ways look alike, with how many of them are at
 *   its end: the shortest one, from a module when there is any, else from a local variable of a
 *   function that runs, "(local in work, cart.py:52) c[]", else from what is held otherwise, by C
 *   code or in the midst of an expression, "(C or unknown) list[]"; "(garbage)": there is none.
 *   In a way, .name is an attribute, [] whatever a dict, list, tuple, set or deque holds, once
 *   however often it repeats, and " -> type" what an object of that type holds otherwise.
 *   RETAINED_BYTES: of all that only these objects hold, they included, exactly over the objects
 *   that were found; null: the child had too little memory to tell.
 *   paths: how many rows there are; most objects first.
 *   cycles: those (as of types) that these objects are in: the types along a shortest one of
 *   LENGTH objects, how many sets of objects have one like it, and how many of these objects are
 *   in them; most objects first.  Of a long one the first eight types are told, then "...";
 *   what is of several kinds, "(others)", has LENGTH 0.
 *
 * revealed  what a container holds, to who asked to see it and nobody else: before the reply to
 *           its request, after frozen
 *   {"t":"revealed","address":"0x7f..","type":"dict","length":N,"owner":"shop.cart._PRICES"|null,
 *    "same":true,"items":[["('sku', 1)"|null,"19.99"],...]}
 *   The first items in its order, each a key (null where it has none) and a value: what exactly
 *   is a str, bytes, int, float, bool, None or a tuple of these as Python writes it, a float with
 *   15 digits; all else is "<its type>", as none of its code is called.  Cut at 64 characters,
 *   "..." behind; controls, marks of direction and what else is not seen are escaped.
 *   same false: it has the type and the holder of what was listed at that address, but nothing in
 *   it tells that it is the same object.  What surely is another one is not shown.
 *
 * bye       {"t":"bye","reason":"exit"}  last line: exit, exec, limit, not permitted, detached
 *
 * ---- client to server -----------------------------------------------------
 * {"id":N,"op":"..."}; id: an integer chosen by the client.  Arguments are flat.
 *   ping
 *   subscribe       period_ms (100..60000, default 1000): baselines, names, live, tick now,
 *                   then every period.  Again: changes the period.
 *   unsubscribe
 *   baseline        name (optional, <= LK_WIRE_NAME_MAX bytes): marks one; reply has
 *                   "baseline":ID.  Its containers are recorded soon after, by a freeze
 *                   where there can be one.
 *   baseline.rename baseline, name
 *   baseline.drop   baseline: forgets it; its epoch stays apart
 *   baseline.rows   baseline: names, then {"t":"baseline","id":B,"more":false,"rows":[as live]},
 *                   the state when it was marked; then the reply
 *   history, trends
 *   memory          watch_s (optional, 1..600): for so many seconds from now on the sampler looks
 *                   how long the collector collects.  What it sees is added to what it saw before,
 *                   unless that ended more than ten minutes ago
 *   containers      min_length (default 1000), limit (default 200, <= 1000).  A freeze each time
 *   types           limit (default 200, <= 1000).  No freeze without a GIL, or near a limit of
 *                   memory, or where clone is forbidden: "unavailable", with the reason.
 *                   baseline (optional): frozen and types as they were in the first freeze after
 *                   that baseline was marked (and before the next one); none is made now.
 *                   "unavailable" when there was none
 *   referrers       one of name: of the type, or its last words ("Item"); stack: its id, which says
 *                   the same on every connection; address: "0x7f2a10004000", of an object, as in
 *                   containers; and limit (default 20, <= 100).  "bad-argument" for a stack that
 *                   is no more.  Where there is no freeze, "unavailable"
 *   reveal          address, of a container; seen_ms: "at" of the containers it was listed in, in
 *                   ms; limit (default 8, <= 16): revealed.  Only of the list that a client was
 *                   told last.  Each one is an event, "revealed".  "unavailable" where a setting
 *                   (LEAKTOP_REVEAL=off) forbids it, where there is no freeze, and when the
 *                   container is no more.  What was shown is kept nowhere in the sampler
 *   cancel          gives up what this connection waits for, a freeze or a walk of the heap: its
 *                   reply is "cancelled", this one's follows; where it waits for nothing, nothing
 *                   is done.  The only request that is heard before its turn, as the next one
 *   pause, resume   stop and start sampling; what is known stays known, what is allocated during a
 *                   pause is never counted.  A pause takes every hook out of the allocators, but
 *                   those of RAW's free and realloc (mode hash: of all domains) stay as long as a
 *                   sampled block is alive or a slot is in use, and those of native memory that
 *                   free, move or unmap as long as a sampled block is alive.  Where CPython's table
 *                   was not found, or another tool's function is on top (event hooks-covered),
 *                   hooks stay in and only the counting stops
 *   detach          takes the sampler out: a pause after which nothing is known any more, neither
 *                   samples nor baselines; then its threads and its socket go, and the connection
 *                   ends with a bye, "detached".  {"hooks":N} in the reply: what had to stay, as a
 *                   block of the program is in a slot (or somebody else's function on top).  The
 *                   library stays mapped; `leaktop attach` starts it again
 *   interval        bytes: changes the sampling interval
 *   events          {"t":"events","list":[{"at":S,"code":"..","value":N,"what":".."},...]}: what
 *                   the sampler noticed about itself, newest last; what: in words what it is
 *                   about, left out of most
 */
#ifndef LK_LEAKTOP_WIRE_H
#define LK_LEAKTOP_WIRE_H

#define LK_WIRE_PROTOCOL	1
#define LK_WIRE_LINE_MAX	(256u << 10)	/* bytes, '\n' included, either way */
#define LK_WIRE_REQUEST_MAX	4096u		/* bytes of one request line */
#define LK_WIRE_CLIENTS_MAX	8u
#define LK_WIRE_BASELINES_MAX	32u
#define LK_WIRE_NAME_MAX	64u		/* bytes of a baseline's name */
#define LK_WIRE_CONTAINERS_MAX	1000u
#define LK_WIRE_TYPES_MAX	1000u
#define LK_WIRE_SITES_MAX	10u		/* of a type */
#define LK_WIRE_REFERRERS_MAX	100u
#define LK_WIRE_REVEALED_MAX	16u		/* items of a container */
#define LK_WIRE_CYCLES_MAX	20u		/* rows of cycles, and cycles of referrers */
#define LK_WIRE_WATCH_MAX_S	600
#define LK_WIRE_PERIOD_MIN_MS	100u
#define LK_WIRE_PERIOD_MAX_MS	60000u

enum lk_stack_flag {
	LK_STACK_TRUNCATED = 1,
	LK_STACK_SEVERAL_THREADS = 2,
	LK_STACK_NO_PYTHON = 4,
};

#endif
