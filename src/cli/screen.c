#include "config.h"

#include "cli/screen.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/source.h"
#include "ui/app.h"

#include "cli/attach_key.h"
#include "cli/fault.h"
#include "cli/look.h"
#include "cli/options.h"

#define SIGNAL_STATUS 128 /* and the number, as shells do */

int
lk_screen_run(const struct lk_look *look, struct lk_source **take_sources, size_t count)
{
	const struct lk_app_options options = {
	    .take_sources = take_sources,
	    .source_count = count,
	    .attach = lk_attach_key,
	    .theme = look->theme,
	    .period_ms = (unsigned int)look->period_ms,
	    .readonly = look->readonly,
	    .ascii = look->ascii,
	    .in_fd = STDIN_FILENO,
	    .out_fd = STDOUT_FILENO,
	};
	char words[256] = "";
	int rc = lk_app_run(&options, words, sizeof(words));

	if (rc == 0)
		return LK_EXIT_DONE;
	if (rc > SIGNAL_STATUS)
		return rc;
	return lk_fault("%s; without a screen: leaktop -b",
			words[0] != '\0' ? words : strerror(-rc));
}
