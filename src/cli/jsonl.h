/* jsonl.h - JSON lines on a stream, for --json.  Room: cli.
 * Keys are ours; texts are anybody's and become valid UTF-8.  NAN and infinities are null. */
#ifndef LK_CLI_JSONL_H
#define LK_CLI_JSONL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where a comma is due; zeroed at first. */
struct lk_jsonl {
	FILE *file;
	bool comma;
};

/* KEY is NULL inside a list. */
void lk_jsonl_open(struct lk_jsonl *j, const char *key, char bracket);	    /* '{' or '[' */
void lk_jsonl_close(struct lk_jsonl *j, char bracket);			    /* '}' or ']' */
void lk_jsonl_text(struct lk_jsonl *j, const char *key, const char *value); /* NULL: null */
void lk_jsonl_real(struct lk_jsonl *j, const char *key, double value);
void lk_jsonl_whole(struct lk_jsonl *j, const char *key, uint64_t value);
void lk_jsonl_flag(struct lk_jsonl *j, const char *key, bool value);

/* lk_jsonl_end - ends the line and flushes it.  Returns: 0 or -EIO. */
int lk_jsonl_end(struct lk_jsonl *j);

#endif
