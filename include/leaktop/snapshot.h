/* snapshot.h - the file that `leaktop export` and the key x write, and `leaktop open` and
 * `leaktop diff` read: its specification.  Rooms: export (writes), client (reads).
 * snapshot.schema.json says the same for machines.
 *
 * One JSON object, UTF-8.  The number behind the slash of "schema" is the major version: a reader
 * refuses one that it does not know.  What is added later does not raise it; a reader ignores the
 * fields it does not know and takes one that is missing for unknown, unless it is marked (!).
 *
 * Numbers.  Times are seconds since the epoch.  Quantities name their unit.  null is unknown, never
 * zero.  "samples" were seen; every other number of a stack is estimated from them, with a 95 %
 * error where it matters: the truth lies within value +- error.
 *
 * schema		"leaktop.snapshot/1" (!)
 * taken_at		time (!)
 * host			of the process
 * process (!)
 *	pid (!)
 *	start_time	clock ticks since boot: /proc/PID/stat, field 22; with pid the identity
 *	command		arguments, spaces between them
 *	python		"3.11.2"
 *	cgroup, user
 * processes []		of a group of processes alone, whose sums all of the file is, but for
 *			process, which is the one at the top: by start, those that have ended last
 *	pid (!), start_time	as above
 *	state		live; silent: it did not answer, and its numbers are the last ones heard; no
 *			sampler; gone
 *	in_sum		it is in the sums
 *	missed_reference	it was silent when that baseline was marked: its growth is in no sum
 *	rss_bytes, live_bytes
 * sampler (!)
 *	version, state (sampling, paused, dormant), reason (why it is not sampling), mode
 *	native		is native memory counted: stacks (with native frames), python (Python frames
 *			alone), off; "" unknown
 *	started_at	since when it counts
 *	interval_bytes	mean bytes between samples
 *	cost_percent	estimated, of the processor time of the process (at least a quarter of one)
 *	budget_percent	what it may cost, 0: no matter
 *	duty		share of time in which allocations of obj and mem were seen
 *	hooks		functions in CPython's allocators; those of native memory are not in it
 *	samples_total, samples_live, samples_per_s
 *	drops		samples that were lost
 *	thinned		samples given up to stay within its memory; the estimates stay unbiased
 *	bytes		its own memory
 *	stacks, clients	how many
 * totals
 *	rss_bytes
 *	live_bytes, live_objects	of Python's domains: obj, mem, raw
 *	native_live_bytes		of the domain native; null when that is not counted
 *	live_variance			bytes^2, of live_bytes
 *	cgroup_limit_bytes, cgroup_used_bytes
 * memory		the ledger, or null when it was not read
 *	at, rss_bytes, pss_bytes, uss_bytes, anonymous_bytes, file_bytes, shared_bytes, swap_bytes,
 *	python_live_bytes, pymalloc_arena_bytes, malloc_live_bytes, malloc_free_bytes,
 *	malloc_mmap_bytes, sampler_bytes, cgroup_limit_bytes, cgroup_used_bytes
 * gc			or null when the ledger was not read
 *	enabled
 *	generations	[3] of {count, threshold, collections, collected, uncollectable}
 *	pauses		how long it collects, or null when nobody had looked: {exact, watched_s,
 *			looks, collections, seen, total_us, longest_us, longest_error_us,
 *			longest_generation, unseen_us}, as in wire.h, gc_pauses
 * verdict
 *	kind		for scripts: python leak, native leak, growth, growth inside, slowing,
 *			ended, saw tooth, steady, warming up, dormant; not in files of before
 *	sentence	for people; its wording is no interface
 *	rss_growth_bytes_per_min, live_growth_bytes_per_min, native_growth_bytes_per_min
 *	seconds_to_limit		null: no limit, or no growth
 *	python_bytes, fragmented_bytes, native_bytes, other_bytes	shares of RSS
 * reference		what delta_ and rate_ of the stacks are counted from
 *	baseline	id; 0: the start of the sampler
 *	window_s	from there to taken_at
 * baselines []		oldest first
 *	id (!)		from 1; ids of dropped baselines are not used again
 *	name		"" without one
 *	at, rss_bytes, live_bytes, interval_bytes
 *	rows []		what was alive then, or null when that was not fetched, or left out
 *			because the file would have become too large:
 *		stack (!)	id of a stack below
 *		allocated_bytes_total, allocated_objects_total, allocated_samples, born: as below
 * stacks []		by growth, falling
 *	id (!)		unique in the file; the same stack in another file of the same process
 *	domain (!)	obj, mem, raw, native
 *	thread		the first one that allocated there
 *	flags		1 truncated: outermost frames are lost; 2 allocated by several threads;
 *			4 no Python stack
 *	frames [] (!)	innermost first: {function, file, line, native}; line 0: unknown.  A native
 *			one, native true, has the path of its object as file ("": code outside of
 *			any), the symbol as function ("libz.so.1+0x1a2b": none is known), and
 *		build_id	of the object, lower-case hex, "" without one
 *		address		"0x1a2b", the return address as an address of the object's ELF file
 *	vanished	true: it is here because a baseline or a container names it, and has
 *			nothing of what follows up to trend_bytes but the differences
 *	live_bytes, live_bytes_error, live_objects
 *	allocated_bytes_total, allocated_objects_total, freed_bytes_total	since the start
 *	allocated_samples
 *	born [] (!)	what is alive now, by when it was born, oldest first:
 *		baseline (!)	the newest baseline at its birth, dropped ones included; 0: none
 *		samples, bytes, objects, variance (bytes^2) (!)
 *	trend_bytes []	live bytes, oldest first, one every history.trend_step_s
 *	delta_bytes, delta_bytes_error, delta_objects	since the reference, signed
 *	rate_bytes_per_min
 *	significant	the delta is beyond its error, and beyond what the coming and going of
 *			that many blocks does by chance
 *	survived_intervals, intervals	of the intervals between baselines, how many have survivors
 * scan			of the containers, or null when there was none
 *	at, scan_ms, pause_us, copied_bytes, objects, min_length
 *	complete	false: some may be missing
 *	by		"freeze", or "walk" where there was none
 *	reason		why there was none, or why it is not complete
 * containers []	longest first; 64 bytes of str, bytes and arrays count as an item
 *	address		"0x7f2a10004000"
 *	type, length
 *	shallow_bytes	without what it holds
 *	stack		id of the stack that allocated it; null: not sampled
 *	owner		"shop.cart._PRICES"; null: unknown
 *	bound		it cannot become longer; 0: none, null: not known
 *	looked		so many items were looked at for
 *	keys, values [] {type, count}: the types of most of these
 *	then []		{baseline, length}: the same object when that baseline was marked; length
 *			null: it may not be the same
 * types []		what the heap was made of when it was frozen, oldest first: the first and
 *			the last time after each baseline; empty when nobody asked
 *	frozen		how it was read: wire.h, frozen
 *		at, pause_us, walk_ms, copied_bytes, table_bytes, objects, bytes, types,
 *		garbage_objects, garbage_bytes
 *		complete	false: some are missing, reason says why
 *	baseline	id of the newest one then; 0: none
 *	cycles		objects that hold themselves over others: {cycles, objects, garbage_objects}
 *	uncollectable	what the collector gave up (gc.garbage): objects; types []: {type, objects},
 *			most first
 *	descriptors	open then, by kind: {sockets, pipes, files, others}
 *	rows []		{type (!), objects, bytes, garbage_objects, garbage_bytes, cyclic_objects,
 *			samples, sites}, most bytes first; fewer than frozen.types: the smallest
 *			are left out.  samples: of its objects, alive then.  sites []: who
 *			allocated most of these: {stack (an id; it may be none of those above),
 *			samples, bytes}
 * referrers []		who held what: the newest answer to each question, oldest first
 *	name, stack, address	one of the three, the others null: the type as it was asked for,
 *			the id of a stack above, or an object's address
 *	frozen		as above
 *	type		of the objects
 *	samples, found	of a stack: alive then, and how many were found as objects; else null
 *	objects, bytes	of all of them
 *	paths		ways there are to them
 *	rows []		{path (!), objects, bytes, retained_bytes}, most objects first; path: as in
 *			wire.h, referrers
 *	cycles []	that they are in: {cycle, length, cycles, objects}, likewise
 * events []		what the sampler noticed about itself, oldest first: {at, code, value,
 *			what}; what: in words, where there are any
 * history
 *	trend_step_s
 *	series []	finest step first: step_s, end (time of the last point),
 *			rss_bytes [], live_bytes []: oldest first, equally many, null: no point
 *
 * A recording, which leaktop record writes, is a file of such objects, one a line, oldest first.
 * They need not be evenly spaced, nor of one process.  Where the recorder ended it says why:
 *	{"schema":"leaktop.recording/1","ended_at":TIME,"why":TEXT}
 * Then it may go on.  A last line without its newline was cut, and does not count.
 */
#ifndef LK_LEAKTOP_SNAPSHOT_H
#define LK_LEAKTOP_SNAPSHOT_H

#define LK_SNAPSHOT_SCHEMA_NAME		"leaktop.snapshot/"
#define LK_SNAPSHOT_SCHEMA_MAJOR	1
#define LK_SNAPSHOT_SCHEMA		"leaktop.snapshot/1"
#define LK_RECORDING_SCHEMA_NAME	"leaktop.recording/"
#define LK_RECORDING_SCHEMA		"leaktop.recording/1"
#define LK_SNAPSHOT_TRUNCATED		1u	/* in the flags of a stack: LK_STACK_TRUNCATED */

/* What a reader accepts; a writer stays far below. */
#define LK_SNAPSHOT_FILE_MAX		(64u << 20)	/* bytes */
#define LK_SNAPSHOT_VALUES_MAX		8000000u	/* commas and brackets */
#define LK_SNAPSHOT_STACKS_MAX		500000u
#define LK_SNAPSHOT_FRAMES_MAX		1024u		/* of one stack */
#define LK_SNAPSHOT_BASELINES_MAX	1024u
#define LK_SNAPSHOT_CELLS_MAX		65536u		/* of one row */
#define LK_SNAPSHOT_CONTAINERS_MAX	100000u
#define LK_SNAPSHOT_EVENTS_MAX		10000u
#define LK_SNAPSHOT_FREEZES_MAX		1024u		/* of types, and of referrers */
#define LK_SNAPSHOT_TYPES_MAX		100000u		/* of one freeze */
#define LK_SNAPSHOT_PROCESSES_MAX	10000u
#define LK_SNAPSHOT_SITES_MAX		100u		/* of one type */
#define LK_SNAPSHOT_PATHS_MAX		10000u		/* of one answer; cycles, too */
#define LK_SNAPSHOT_SERIES_MAX		64u
#define LK_SNAPSHOT_POINTS_MAX		1000000u	/* of one series or trend */
#define LK_RECORDING_MOMENTS_MAX	1000000u
#define LK_RECORDING_FILE_MAX		(1ull << 36)	/* bytes that are looked at */

#endif
