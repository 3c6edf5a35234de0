/* prompt.h - one line typed by the operator.  Room: ui. */
#ifndef LK_UI_PROMPT_H
#define LK_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#define LK_PROMPT_BYTES 128

enum lk_prompt_result { LK_PROMPT_TYPING, LK_PROMPT_CHANGED, LK_PROMPT_DONE, LK_PROMPT_LEFT };

struct lk_prompt {
	bool	open;
	int	purpose;		/* the asker's */
	char	title[128];
	char	text[LK_PROMPT_BYTES];
	size_t	at;			/* bytes before the cursor */
};

/* lk_prompt_open - ask; TEXT is there to be edited (NULL: nothing). */
void lk_prompt_open(struct lk_prompt *p, int purpose, const char *title, const char *text);

/* lk_prompt_key - one key.  DONE and LEFT close it; the text stays readable. */
enum lk_prompt_result lk_prompt_key(struct lk_prompt *p, int key);

#endif
