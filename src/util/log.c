#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static struct {
	lk_log_fn fn;
	void *ctx;
} handler;

void
lk_log_handler(lk_log_fn fn, void *ctx)
{
	handler.fn = fn;
	handler.ctx = ctx;
}

void
lk_log(enum lk_log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char text[512];
	va_list ap;

	if (handler.fn == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	handler.fn(handler.ctx, level, text);
	errno = saved_errno;
}

const char *
lk_log_level_name(enum lk_log_level level)
{
	static const char *const names[] = {
		[LK_LOG_ERROR] = "error",
		[LK_LOG_WARNING] = "warning",
		[LK_LOG_INFO] = "info",
		[LK_LOG_DEBUG] = "debug",
	};

	return level < LK_COUNT_OF(names) ? names[level] : "unknown";
}
