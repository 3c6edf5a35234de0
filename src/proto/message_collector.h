/* message_collector.h - what the message memory says of the collector: gc and gc_pauses.
 * Room: proto, client half. */
#ifndef LK_PROTO_MESSAGE_COLLECTOR_H
#define LK_PROTO_MESSAGE_COLLECTOR_H

#include <stdbool.h>

struct lk_message_generation {
	double count, threshold, collections, collected, uncollectable;
};

struct lk_message_pauses {
	bool exact;
	double watched_s; /* NAN: nobody has looked */
	double looks, collections, seen, total_us, unseen_us;
	double longest_us, longest_error_us, longest_generation; /* NAN unknown */
};

#endif
