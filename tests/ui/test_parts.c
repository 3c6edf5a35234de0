/* Small parts of screens: keys, names of code, small graphs, listings. */
#include "config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "model/snapshot.h"
#include "ui/columns.h"
#include "ui/keys.h"
#include "ui/listing.h"
#include "ui/spark.h"
#include "ui/view.h"
#include "util/clock.h"

#include "suites.h"

START_TEST(no_key_is_advertised_that_does_nothing)
{
	size_t count;
	const struct lk_binding *all = lk_keys_all(&count);

	for (size_t i = 0; i < count; i++) {
		ck_assert_ptr_nonnull(lk_keys_find(all[i].view, all[i].key));
		if (all[i].action == LK_ACTION_VIEW)
			ck_assert_int_ge(lk_views_find((char)all[i].key), 0);
		if (all[i].view != NULL)
			ck_assert_int_ge(lk_views_find_id(all[i].view), 0);
		ck_assert(all[i].key != LK_KEY_CTRL('s') && all[i].key != LK_KEY_CTRL('q'));
		for (size_t k = i + 1; k < count; k++)
			ck_assert(all[i].key != all[k].key || all[i].view != all[k].view);
	}
}
END_TEST

static const struct {
	const char *file, *module;
} modules[] = {
	{"/srv/shop/shop/cart.py", "shop.cart"}, {"/usr/lib/python3.11/threading.py", "threading"},
	{"/usr/lib/python3.11/json/__init__.py", "json"}, {"app.py", "app"}, {"/app.py", "app"},
	{"<frozen importlib._bootstrap>", "importlib._bootstrap"}, {"<frozen >", "<frozen >"},
	{"<string>", "<string>"},
	{"/x/site-packages/six.py", "six"}, {"", ""},
};

START_TEST(modules_are_named)
{
	char out[128];

	ck_assert_str_eq(lk_columns_module(modules[_i].file, out, sizeof(out)), modules[_i].module);
}
END_TEST

static const struct {
	const char *name, *file, *function, *place;
} functions[] = {
	{"price_key", "/srv/shop/cart.py", "shop.cart.price_key", "cart:7"},
	{"Cart.add.<locals>.<listcomp>", "/srv/shop/cart.py", "shop.cart.Cart.add[listcomp]",
	    "cart:7"},
	{"traced.<locals>.inner", "app.py", "app.traced.inner", "app:7"},
	{"f.<locals>.<lambda>.<locals>.<genexpr>", "app.py", "app.f[lambda][genexpr]", "app:7"},
	{"<module>", "/srv/shop/cart.py", "shop.cart[module]", "cart:7"},
	{"<module>", "", "<module>", "-:7"},
	{"load.<broken", "app.py", "app.load.<broken", "app:7"},
	{"exec", "<frozen importlib._bootstrap>", "importlib._bootstrap.exec", "_bootstrap:7"},
};

START_TEST(functions_are_named)
{
	const struct lk_frame frame = {.function = functions[_i].name, .file = functions[_i].file,
	    .line = 7};
	char out[128];

	ck_assert_str_eq(lk_columns_function(&frame, out, sizeof(out)), functions[_i].function);
	ck_assert_str_eq(lk_columns_place(&frame, out, sizeof(out)), functions[_i].place);
}
END_TEST

static const struct {
	const char *name, *file, *function, *place;
} natives[] = {
	{"xmlNewDoc", "/usr/lib/libxml2.so.2.9.14", "xmlNewDoc [libxml2]", "libxml2.so.2.9.14"},
	{"libxml2.so.2.9.14+0x1a2b", "/usr/lib/libxml2.so.2.9.14", "[libxml2]+0x1a2b",
	    "libxml2.so.2.9.14"},
	{"f+0x1a2b", "/usr/lib/libxml2.so.2", "f+0x1a2b [libxml2]", "libxml2.so.2"},
	{"_resize", "/x/_imaging.cpython-311-x86_64-linux-gnu.so", "_resize [_imaging]",
	    "_imaging.cpython-311-x86_64-linux-gnu.so"},
	{"run\033[2J", "/usr/bin/python3.11", "run?[2J [python3.11]", "python3.11"},
	{"(code outside of any file)", "", "(code outside of any file)", "-"},
};

START_TEST(native_functions_are_named)
{
	const struct lk_frame frame = {.function = natives[_i].name, .file = natives[_i].file,
	    .native = true};
	char out[128];

	ck_assert_str_eq(lk_columns_function(&frame, out, sizeof(out)), natives[_i].function);
	ck_assert_str_eq(lk_columns_place(&frame, out, sizeof(out)), natives[_i].place);
}
END_TEST

static const struct {
	const char *command, *shown;
} commands[] = {
	{"/usr/bin/python3 /usr/bin/gunicorn shop.wsgi -w 3", "gunicorn shop.wsgi -w 3"},
	{"python3 -m flask run", "python3 -m flask run"},
	{"/usr/bin/celery worker", "celery worker"},
	{"python3", "python3"}, {"", ""}, {"/ /", "/ /"},
};

START_TEST(commands_are_shortened)
{
	ck_assert_str_eq(lk_columns_command(commands[_i].command), commands[_i].shown);
}
END_TEST

START_TEST(sparks_rise_to_the_right)
{
	const float rising[] = {1, 2, 3, 4, 5, 6, 7, 8}, flat[] = {5, 5, 5};
	const float holes[] = {1, __builtin_nanf(""), 9};
	char text[64];

	lk_spark_text(rising, 8, 8, true, text, sizeof(text));
	ck_assert_str_eq(text, ".:-=+*##");
	lk_spark_text(flat, 3, 5, true, text, sizeof(text));
	ck_assert_str_eq(text, "  ===");
	lk_spark_text(holes, 3, 3, true, text, sizeof(text));
	ck_assert_str_eq(text, ". #");
	lk_spark_text(NULL, 0, 3, true, text, sizeof(text));
	ck_assert_str_eq(text, "   ");
}
END_TEST

START_TEST(a_listing_reads_regular_files_only)
{
	char path[] = "/tmp/leaktop-listing-XXXXXX";
	struct lk_snapshot now = {.origin = "live", .process.pid = (int)getpid()};
	struct lk_listing l = {.count = 0};
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "one\n\ttwo \033[2J\nthree", 19), 19);
	close(fd);
	ck_assert_int_eq(lk_listing_load(&l, path, &now), 0);
	ck_assert_uint_eq(l.count, 3);
	ck_assert_str_eq(lk_listing_line(&l, 2), " two ?[2J");
	ck_assert_str_eq(lk_listing_line(&l, 4), "");
	ck_assert_str_eq(lk_listing_line(&l, 0), "");
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);	/* nobody will ever write to it */
	lk_listing_fini(&l);
	ck_assert_int_lt(lk_listing_load(&l, path, &now), 0);
	unlink(path);
	ck_assert_int_lt(lk_listing_load(&l, "/dev/zero", &now), 0);
	ck_assert_uint_eq(l.count, 0);
	ck_assert_int_lt(lk_listing_load(&l, "/tmp", &now), 0);
	ck_assert_int_lt(lk_listing_load(&l, "", &now), 0);
	lk_listing_fini(&l);
}
END_TEST

/* The sampler counts from when it came; a file may have changed before that. */
START_TEST(a_file_is_newer_than_the_process_not_than_the_sampler)
{
	struct lk_snapshot now = {.origin = "live", .process.pid = (int)getpid(),
	    .process.start_time = 1000 * (uint64_t)sysconf(_SC_CLK_TCK)};
	double began_s = lk_clock_began_s(now.process.start_time);
	struct lk_listing l = {.modified_s = began_s + 5};

	now.sampler.started_at_s = began_s + 100;
	ck_assert(lk_listing_is_newer(&l, &now));
	l.modified_s = began_s - 5;
	ck_assert(!lk_listing_is_newer(&l, &now));
	l.modified_s = began_s + 5;
	now.origin = "from-elsewhere.json";	/* another machine's ticks */
	ck_assert(!lk_listing_is_newer(&l, &now));
	l.modified_s = began_s + 101;
	ck_assert(lk_listing_is_newer(&l, &now));
	now.sampler.started_at_s = 0;
	ck_assert(!lk_listing_is_newer(&l, &now));
}
END_TEST

static Suite *
parts_suite(void)
{
	Suite *suite = suite_create("parts");
	TCase *tc = tcase_create("parts");

	tcase_add_test(tc, no_key_is_advertised_that_does_nothing);
	tcase_add_loop_test(tc, modules_are_named, 0, (int)LK_COUNT_OF(modules));
	tcase_add_loop_test(tc, functions_are_named, 0, (int)LK_COUNT_OF(functions));
	tcase_add_loop_test(tc, native_functions_are_named, 0, (int)LK_COUNT_OF(natives));
	tcase_add_loop_test(tc, commands_are_shortened, 0, (int)LK_COUNT_OF(commands));
	tcase_add_test(tc, sparks_rise_to_the_right);
	tcase_add_test(tc, a_listing_reads_regular_files_only);
	tcase_add_test(tc, a_file_is_newer_than_the_process_not_than_the_sampler);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {parts_suite, NULL};

	return lk_suites_run(suites);
}
