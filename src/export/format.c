#include "config.h"

#include "export/format.h"

#include <errno.h>

#include "analysis/growth.h"

double
lk_format_bytes(const struct lk_export_job *job, const struct lk_growth *growth)
{
	double bytes = job->delta ? growth->delta_bytes : growth->live.bytes;

	return bytes > 0 ? bytes : 0; /* NAN, too */
}

int
lk_format_end(FILE *out)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return errno != 0 ? -errno : -EIO;
}
