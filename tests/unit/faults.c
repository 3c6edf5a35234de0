#include "config.h"

#include "faults.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static unsigned int left;
static bool armed, paused, hit;

static bool
fails(void)
{
	if (!armed || paused || --left > 0)
		return false;
	armed = false;
	hit = true;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

void
lk_faults_install(void)
{
	json_set_alloc_funcs(malloc, free);
}

void
lk_faults_arm(unsigned int nth)
{
	left = nth;
	armed = nth > 0;
	hit = false;
}

void
lk_faults_pause(bool pause)
{
	paused = pause;
}

bool
lk_faults_hit(void)
{
	armed = false;
	return hit;
}
