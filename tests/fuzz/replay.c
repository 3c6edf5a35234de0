/* replay [PATTERN...] - a fuzzing target over its seeds, and over what a fixed sequence of numbers
 * makes of them: the same on every machine.  --seeds FOLDER: copies the seeds there instead. */
#include "config.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#include "fuzz.h"

#define SEED_BYTES	(1u << 20)
#define SEEDS_MAX	256
#define ROUNDS		8000
#define ROUNDS_SLOWLY	40	/* under valgrind */

struct seed {
	uint8_t	*bytes;
	size_t	 count;
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state = 88172645463325252u;

/* Marsaglia's xorshift64. */
static size_t
draw(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below > 0 ? (size_t)(state % below) : 0;
}

static void
add_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct seed *seed = &seeds[seed_count];

	if (file == NULL || seed_count == SEEDS_MAX)
		abort();
	seed->bytes = malloc(SEED_BYTES);
	seed->count = fread(seed->bytes, 1, SEED_BYTES, file);
	fclose(file);
	seed_count++;
}

static void
find_seeds(void)
{
	const char *srcdir = getenv("top_srcdir");
	char pattern[4096];

	for (const char *const *at = fuzz_seeds; *at != NULL; at++) {
		glob_t found;

		snprintf(pattern, sizeof(pattern), "%s/%s", srcdir != NULL ? srcdir : ".", *at);
		if (glob(pattern, 0, NULL, &found) == 0) {
			for (size_t i = 0; i < found.gl_pathc; i++)
				add_file(found.gl_pathv[i]);
			globfree(&found);
		}
	}
}

/* Numbers at which something may turn over. */
static const char *const numbers[] = {"0", "-1", "18446744073709551615", "4294967296", "1e308",
	"-9223372036854775808", "0.5", "null", "[]", "{}", "\"\"", "true"};

static size_t
mutate(uint8_t *bytes, size_t count, size_t capacity)
{
	size_t at = draw(count + 1), length = draw(16);
	const struct seed *other = &seeds[draw(seed_count)];
	const char *number = numbers[draw(LK_COUNT_OF(numbers))];

	switch (draw(6)) {
	case 0:		/* a byte */
		if (at < count)
			bytes[at] = (uint8_t)draw(256);
		return count;
	case 1:		/* a bit */
		if (at < count)
			bytes[at] ^= (uint8_t)(1u << draw(8));
		return count;
	case 2:		/* a piece is lost */
		length = at + length > count ? count - at : length;
		memmove(bytes + at, bytes + at + length, count - at - length);
		return count - length;
	case 3:		/* the end is lost */
		return at;
	case 4:		/* a number takes the place of one */
		while (at < count && (bytes[at] < '0' || bytes[at] > '9'))
			at++;
		for (length = 0; at + length < count && bytes[at + length] >= '0' &&
		    bytes[at + length] <= '9'; length++)
			;
		if (at == count || count + strlen(number) > capacity)
			return count;
		memmove(bytes + at + strlen(number), bytes + at + length, count - at - length);
		memcpy(bytes + at, number, strlen(number));
		return count - length + strlen(number);
	default:	/* a piece of another one comes in */
		length = draw(other->count < 400 ? other->count + 1 : 400);
		if (count + length > capacity)
			return count;
		memmove(bytes + at + length, bytes + at, count - at);
		memcpy(bytes + at, other->bytes + draw(other->count - length + 1), length);
		return count + length;
	}
}

static bool
is_slow(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

static int
copy_seeds(const char *folder)
{
	char path[4096];

	for (size_t i = 0; i < seed_count; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%zu", folder, i);
		file = fopen(path, "w");
		if (file == NULL || fwrite(seeds[i].bytes, 1, seeds[i].count, file) !=
		    seeds[i].count || fclose(file) != 0)
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const size_t capacity = 2 * SEED_BYTES;
	const int rounds = is_slow() ? ROUNDS_SLOWLY : ROUNDS;
	uint8_t *bytes = malloc(capacity);

	find_seeds();
	if (seed_count == 0) {
		fputs("replay: no seeds\n", stderr);
		return 1;
	}
	if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
		return copy_seeds(argv[2]);
	for (size_t i = 0; i < seed_count; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].count);
	for (int i = 0; i < rounds; i++) {
		const struct seed *seed = &seeds[draw(seed_count)];
		size_t count = seed->count;

		memcpy(bytes, seed->bytes, count);
		for (size_t changes = 1 + draw(4); changes > 0; changes--)
			count = mutate(bytes, count, capacity);
		LLVMFuzzerTestOneInput(bytes, count);
	}
	printf("%zu seeds, %d mutations\n", seed_count, rounds);
	free(bytes);
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].bytes);
	return 0;
}
