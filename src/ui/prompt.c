#include "config.h"

#include "ui/prompt.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

#include "ui/keys.h"

void
lk_prompt_open(struct lk_prompt *p, int purpose, const char *title, const char *text)
{
	memset(p, 0, sizeof(*p));
	p->open = true;
	p->purpose = purpose;
	snprintf(p->title, sizeof(p->title), "%s", title);
	lk_text_clean(text != NULL ? text : "", p->text, sizeof(p->text));
	p->at = strlen(p->text);
}

static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
before(const struct lk_prompt *p)
{
	size_t at = p->at;

	while (at > 0 && continues(p->text[at - 1]))
		at--;
	return at > 0 ? at - 1 : 0;
}

static size_t
after(const struct lk_prompt *p)
{
	size_t at = p->at;

	if (p->text[at] != '\0')
		at++;
	while (continues(p->text[at]))
		at++;
	return at;
}

static void
cut(struct lk_prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, strlen(p->text + to) + 1);
	p->at = from;
}

static size_t
encode(unsigned int code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static enum lk_prompt_result
type(struct lk_prompt *p, int key)
{
	char bytes[5] = "", clean[8];
	size_t count = encode((unsigned int)key, bytes);

	lk_text_clean(bytes, clean, sizeof(clean));
	if (strcmp(bytes, clean) != 0 || strlen(p->text) + count >= sizeof(p->text))
		return LK_PROMPT_TYPING;
	memmove(p->text + p->at + count, p->text + p->at, strlen(p->text + p->at) + 1);
	memcpy(p->text + p->at, bytes, count);
	p->at += count;
	return LK_PROMPT_CHANGED;
}

static enum lk_prompt_result
edit(struct lk_prompt *p, int key)
{
	switch (key) {
	case LK_KEY_BACKSPACE:
		cut(p, before(p), p->at);
		return LK_PROMPT_CHANGED;
	case LK_KEY_DELETE:
		cut(p, p->at, after(p));
		return LK_PROMPT_CHANGED;
	case LK_KEY_CTRL('u'):
		cut(p, 0, p->at);
		return LK_PROMPT_CHANGED;
	case LK_KEY_LEFT:
		p->at = before(p);
		return LK_PROMPT_TYPING;
	case LK_KEY_RIGHT:
		p->at = after(p);
		return LK_PROMPT_TYPING;
	case LK_KEY_HOME:
	case LK_KEY_CTRL('a'):
		p->at = 0;
		return LK_PROMPT_TYPING;
	case LK_KEY_END:
	case LK_KEY_CTRL('e'):
		p->at = strlen(p->text);
		return LK_PROMPT_TYPING;
	default:
		return key >= 32 && key < LK_KEY_UP ? type(p, key) : LK_PROMPT_TYPING;
	}
}

enum lk_prompt_result
lk_prompt_key(struct lk_prompt *p, int key)
{
	if (key == LK_KEY_ENTER || key == '\n') {
		p->open = false;
		return LK_PROMPT_DONE;
	}
	if (key == LK_KEY_ESC || key == LK_KEY_CTRL('c')) {
		p->open = false;
		return LK_PROMPT_LEFT;
	}
	return edit(p, key);
}
