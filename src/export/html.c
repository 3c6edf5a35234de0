#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/growth.h"
#include "analysis/verdict.h"
#include "model/frozen.h"
#include "model/snapshot.h"

#include "export/calltree.h"
#include "export/format.h"
#include "export/quote.h"

#include "export/page.inc"

#define MARK "@DATA@"		/* in page.html: where the numbers go */
#define NAMES_BYTES (16u << 20)	/* of all frames, quoted; those beyond have none */
#define LINES_MAX 1000u
#define TYPES_MAX 1000u
#define CONTAINERS_MAX 1000u
#define ANSWERS_MAX 20u
#define HOLDERS_MAX 50u

/* The page is written around one JSON document, which its script reads: nothing of the process is
 * ever a part of the page's own text. */

static void
put_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	lk_quote_put(out, text);
}

static void
put_number(FILE *out, const char *name, double value)
{
	fprintf(out, ",\"%s\":", name);
	lk_quote_number(out, value);
}

static void
put_values(FILE *out, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		putc(',', out);
		lk_quote_number(out, values[i]);
	}
}

static void
put_about(const struct lk_export_job *job, FILE *out)
{
	const struct lk_snapshot *s = job->s;
	const struct lk_baseline *b = lk_snapshot_baseline(s, job->growth->reference);
	struct lk_verdict verdict;

	lk_verdict_of(s, &verdict);
	fputs("{\"version\":\"" PACKAGE_VERSION "\"", out);
	put_number(out, "pid", s->process.pid);
	put_text(out, "host", s->process.host);
	put_text(out, "command", s->process.command);
	put_text(out, "python", s->process.python);
	put_text(out, "verdict", verdict.sentence);
	put_text(out, "baseline", b != NULL ? b->name : "");
	put_number(out, "reference", job->growth->reference);
	put_number(out, "window_s", job->growth->window_s);
	put_number(out, "at", s->at_s);
	put_number(out, "rss_bytes", s->rss_bytes);
	put_number(out, "live_bytes", s->est_live_bytes);
	put_number(out, "native_bytes", s->est_native_live_bytes);
	put_number(out, "interval_bytes", s->sampler.interval_bytes);
	put_number(out, "delta", job->delta);
}

/* [name, file, line, native], ... and [parent or -1, frame, live, grown], ... all in one list. */
static int
put_tree(const struct lk_export_job *job, FILE *out)
{
	struct lk_calltree tree;
	size_t bytes = 0;
	int rc = lk_calltree_fill(&tree, job);

	fprintf(out, ",\"cut\":%s,\"frames\":[", tree.cut ? "true" : "false");
	for (uint32_t i = 0; i < tree.frames.count; i++) {
		const struct lk_frame *f = tree.frames.list[i];
		bool room = bytes < NAMES_BYTES;

		fputs(i > 0 ? ",[" : "[", out);
		bytes += lk_quote_put(out, room ? f->function : "(name left out)");
		putc(',', out);
		bytes += lk_quote_put(out, room ? f->file : "");
		fprintf(out, ",%u,%d]", f->line, f->native);
	}
	fputs("],\"nodes\":[", out);
	for (uint32_t i = 0; i < tree.count; i++) {
		const struct lk_calltree_node *n = &tree.nodes[i];

		fprintf(out, "%s%" PRId64 ",%u,%.0f,%.0f", i > 0 ? "," : "",
		    n->parent == LK_CALLTREE_ROOT ? -1 : (int64_t)n->parent, n->frame,
		    n->live_bytes, n->grown_bytes);
	}
	putc(']', out);
	lk_calltree_free(&tree);
	return rc;
}

static void
put_line(const struct lk_growth *g, FILE *out)
{
	const double values[] = {g->delta_bytes, g->delta_error_bytes, g->significant,
		g->delta_objects, g->rate_bytes_per_min, g->live.bytes, g->live.objects,
		g->survived_count, g->interval_count};

	lk_quote_put(out, g->frame != NULL ? g->frame->function : "(no Python stack)");
	putc(',', out);
	lk_quote_put(out, g->frame != NULL ? g->frame->file : "");
	fprintf(out, ",%u", g->frame != NULL ? g->frame->line : 0);
	put_values(out, values, sizeof(values) / sizeof(values[0]));
}

static int
put_lines(const struct lk_export_job *job, FILE *out)
{
	uint32_t missing = 0;
	struct lk_growth_set *set =
	    lk_growth_new(job->s, job->growth->reference, 0, LK_GROUP_LINE, &missing);

	if (set == NULL)
		return -ENOMEM;
	fputs(",\"lines\":[", out);
	for (size_t i = 0; i < set->count && i < LINES_MAX; i++) {
		fputs(i > 0 ? ",[" : "[", out);
		put_line(&set->rows[i], out);
		putc(']', out);
	}
	fprintf(out, "],\"line_count\":%zu", set->count);
	lk_growth_free(set);
	return 0;
}

static void
put_types(const struct lk_snapshot *s, FILE *out)
{
	const struct lk_types *types = s->types_count > 0 ? s->types[s->types_count - 1] : NULL;

	fputs(",\"types\":[", out);
	for (uint32_t i = 0; types != NULL && i < types->count && i < TYPES_MAX; i++) {
		const struct lk_type *type = &types->list[i];
		const double values[] = {type->object_count, type->bytes, type->garbage_count};

		fputs(i > 0 ? ",[" : "[", out);
		lk_quote_put(out, type->name);
		put_values(out, values, sizeof(values) / sizeof(values[0]));
		putc(']', out);
	}
	putc(']', out);
}

static void
put_containers(const struct lk_snapshot *s, FILE *out)
{
	fputs(",\"containers\":[", out);
	for (uint32_t i = 0; i < s->containers.count && i < CONTAINERS_MAX; i++) {
		const struct lk_container *c = &s->containers.list[i];
		const double values[] = {(double)c->length, (double)c->shallow_bytes, c->bound};

		fputs(i > 0 ? ",[" : "[", out);
		lk_quote_put(out, c->type);
		putc(',', out);
		lk_quote_put(out, c->owner != NULL ? c->owner : "");
		put_values(out, values, sizeof(values) / sizeof(values[0]));
		putc(']', out);
	}
	putc(']', out);
}

static void
put_answer(const struct lk_holders *h, FILE *out)
{
	fputs("{\"type\":", out);
	lk_quote_put(out, h->type);
	put_number(out, "objects", h->object_count);
	put_number(out, "bytes", h->bytes);
	fputs(",\"rows\":[", out);
	for (uint32_t i = 0; i < h->count && i < HOLDERS_MAX; i++) {
		const double values[] = {
		    h->list[i].object_count, h->list[i].bytes, h->list[i].retained_bytes};

		fputs(i > 0 ? ",[" : "[", out);
		lk_quote_put(out, h->list[i].path);
		put_values(out, values, sizeof(values) / sizeof(values[0]));
		putc(']', out);
	}
	fputs("]}", out);
}

/* The newest come last in a snapshot, and first on the page. */
static void
put_holders(const struct lk_snapshot *s, FILE *out)
{
	fputs(",\"holders\":[", out);
	for (uint32_t i = 0; i < s->holders_count && i < ANSWERS_MAX; i++) {
		fputs(i > 0 ? "," : "", out);
		put_answer(s->holders[s->holders_count - 1 - i], out);
	}
	fputs("]}", out);
}

static int
write_html(const struct lk_export_job *job, FILE *out)
{
	const char *mark = strstr(page, MARK);
	int rc;

	fwrite(page, 1, (size_t)(mark - page), out);
	put_about(job, out);
	rc = put_tree(job, out);
	if (rc == 0)
		rc = put_lines(job, out);
	put_types(job->s, out);
	put_containers(job->s, out);
	put_holders(job->s, out);
	fputs(mark + strlen(MARK), out);
	return rc < 0 ? rc : lk_format_end(out);
}

const struct lk_format lk_html_format = {
	.name = "html",
	.suffix = ".html",
	.has_delta = true,
	.write = write_html,
};
