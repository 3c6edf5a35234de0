/* C++ names: those of libstdc++ against c++filt, and what nobody should have written. */
#include "config.h"

#include "suites.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "client/cxx_names.h"

#define NAME_BYTES 4096

static char text[NAME_BYTES];

static const struct {
	const char *mangled, *shown; /* NULL: not read */
} names[] = {
    {"_ZN2at6Tensor7resize_ENS_8ArrayRefIlEE", "at::Tensor::resize_"},
    {"_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_EEDpOT_",
	"std::vector::_M_realloc_insert"},
    {"_Znwm", "operator new"},
    {"_ZdlPv", "operator delete"},
    {"_Z3foov", "foo"},
    {"_ZL3bari", "bar"},
    {"_ZSt4copyIPiS0_ET0_T_S2_S1_", "std::copy"},
    {"_ZNSsC1EPKcRKSaIcE", "std::string::basic_string"},
    {"_ZN3foo3BarC2Ev", "foo::Bar::Bar"},
    {"_ZN3foo3BarILb1ELi5ENS_3BazEED0Ev", "foo::Bar::~Bar"},
    {"_ZNK3foo3BareqERKS0_", "foo::Bar::operator=="},
    {"_ZN12_GLOBAL__N_14workEv.constprop.0", "(anonymous namespace)::work"},
    {"_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm",
	"std::__cxx11::basic_string::_M_create"},
    {"_ZTV3foo", NULL},
    {"_ZZ4mainENKUlvE_clEv", NULL},
    {"_ZThn16_N3foo3barEv", NULL},
    {"malloc", NULL},
    {"", NULL},
    {"_Z", NULL},
    {"_ZN", NULL},
    {"_ZNE", NULL},
    {"_ZN3", NULL},
    {"_ZN9fooE", NULL},
    {"_ZNIiE3fooE", NULL},
    {"_ZN0E", NULL},
    {"_ZNC1Ev", NULL},
    {"_ZN99999999999999999999fooEv", NULL},
    {"_ZN3fooIXsr3barE5valueEE4baz", NULL},
    {"_ZNS_3fooE", NULL},
};

START_TEST(names_are_read)
{
	bool read = lk_cxx_names_text(names[_i].mangled, text, sizeof(text));

	ck_assert_int_eq(read, names[_i].shown != NULL);
	ck_assert_str_eq(text, read ? names[_i].shown : "");
}
END_TEST

START_TEST(without_room_there_is_no_name)
{
	size_t length = strlen("at::Tensor::resize_");

	for (size_t room = 1; room <= length; room++) {
		memset(text, 0x55, sizeof(text));
		ck_assert(!lk_cxx_names_text(names[0].mangled, text, room));
		ck_assert_str_eq(text, "");
		ck_assert_int_eq(text[room], 0x55);
	}
	ck_assert(lk_cxx_names_text(names[0].mangled, text, length + 1));
}
END_TEST

/* Whatever the mangling, it ends, within the room and without running out of stack. */
START_TEST(what_nests_without_end_is_given_up)
{
	static const char *const steps[] = {"I", "N", "P", "F", "A_", "Dp", "M", "J", "S_I",
	    "St3fooI"};
	char mangled[NAME_BYTES];
	size_t used;

	for (size_t i = 0; i < LK_COUNT_OF(steps); i++) {
		used = (size_t)sprintf(mangled, "_ZN3fooI");
		while (used + 8 < sizeof(mangled))
			used += (size_t)sprintf(mangled + used, "%s", steps[i]);
		ck_assert(!lk_cxx_names_text(mangled, text, sizeof(text)));
	}
}
END_TEST

START_TEST(a_name_spoilt_anywhere_is_no_fault)
{
	static const char spoils[] = "INSTEXLJDPAFM0959_ CaZ\x80";
	char mangled[NAME_BYTES];

	for (size_t n = 0; n < LK_COUNT_OF(names); n++)
		for (size_t i = 0; names[n].mangled[i] != '\0'; i++)
			for (size_t k = 0; k < sizeof(spoils); k++) {
				strcpy(mangled, names[n].mangled);
				mangled[i] = spoils[k]; /* the last one cuts it */
				if (lk_cxx_names_text(mangled, text, 40))
					ck_assert_uint_lt(strlen(text), 40);
			}
}
END_TEST

/* ---- c++filt ---------------------------------------------------------------- */

static size_t
operator_length(const char *at)
{
	static const char *const operators[] = {"operator<<=", "operator>>=", "operator<=>",
	    "operator->*", "operator->", "operator<<", "operator>>", "operator<=", "operator>=",
	    "operator<", "operator>"};

	for (size_t i = 0; i < LK_COUNT_OF(operators); i++)
		if (strncmp(at, operators[i], strlen(operators[i])) == 0)
			return strlen(operators[i]);
	return 0;
}

/* In place: without <...>, without [abi:...], without a space at the end. */
static void
strip(char *name)
{
	char *to = name;
	int depth = 0;

	for (const char *at = name; *at != '\0'; at++) {
		size_t length = depth == 0 ? operator_length(at) : 0;

		if (length > 0) {
			memmove(to, at, length);
			to += length;
			at += length - 1;
		} else if (depth == 0 && strncmp(at, "[abi:", 5) == 0)
			at = strchr(at, ']');
		else if (*at == '<')
			depth++;
		else if (*at == '>')
			depth--;
		else if (depth == 0)
			*to++ = *at;
	}
	while (to > name && to[-1] == ' ')
		to--;
	*to = '\0';
}

static const char *
libstdcxx(void)
{
	static const char *const paths[] = {"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
	    "/usr/lib/aarch64-linux-gnu/libstdc++.so.6", "/usr/lib64/libstdc++.so.6"};

	for (size_t i = 0; i < LK_COUNT_OF(paths); i++)
		if (access(paths[i], R_OK) == 0)
			return paths[i];
	return NULL;
}

START_TEST(libstdcxx_is_as_cxxfilt_says)
{
	char command[1024], *line = NULL;
	unsigned int read = 0, unread = 0;
	size_t capacity = 0;
	FILE *both;

	if (libstdcxx() == NULL)
		return; /* the table above has the kinds of names that it has */
	/* each name, then what c++filt makes of it: it leaves words that it does not know alone */
	snprintf(command, sizeof(command), "nm -D --defined-only %s | sed -n 's/^.* [TWti] "
	    "\\(_Z[^@]*\\).*/\\1/p' | sed 's/^_\\(.*\\)/=\\1\\n_\\1/' | c++filt -p", libstdcxx());
	both = popen(command, "r");
	ck_assert_ptr_nonnull(both);
	while (getline(&line, &capacity, both) > 0) {
		char mangled[NAME_BYTES];

		ck_assert_int_eq(line[0], '=');
		line[strcspn(line, "\n")] = '\0';
		snprintf(mangled, sizeof(mangled), "_%s", line + 1);
		ck_assert_int_gt(getline(&line, &capacity, both), 0);
		line[strcspn(line, "\n")] = '\0';
		if (!lk_cxx_names_text(mangled, text, sizeof(text))) {
			unread++;
			continue;
		}
		strip(line);
		if (strncmp(line, "std::basic_", 11) == 0 && strncmp(text, "std::basic_", 11) != 0)
			memmove(line + 5, line + 11, strlen(line + 11) + 1); /* std::string */
		ck_assert_msg(strcmp(text, line) == 0, "%s: %s, not %s", mangled, text, line);
		read++;
	}
	free(line);
	ck_assert_int_eq(pclose(both), 0);
	printf("%u names of libstdc++ as c++filt says, %u not read\n", read, unread);
	ck_assert_uint_gt(read, 1000);
	ck_assert_uint_lt(unread, read / 10);
}
END_TEST

static Suite *
cxx_suite(void)
{
	Suite *s = suite_create("c++ names");
	TCase *tc = tcase_create("c++ names");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, names_are_read, 0, (int)LK_COUNT_OF(names));
	tcase_add_test(tc, without_room_there_is_no_name);
	tcase_add_test(tc, what_nests_without_end_is_given_up);
	tcase_add_test(tc, a_name_spoilt_anywhere_is_no_fault);
	tcase_add_test(tc, libstdcxx_is_as_cxxfilt_says);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	Suite *(*const suites[])(void) = {cxx_suite, NULL};

	return lk_suites_run(suites);
}
