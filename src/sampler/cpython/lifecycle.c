#include "config.h"

#include "sampler/cpython/lifecycle.h"

#include <errno.h>
#include <stddef.h>

#include "sampler/cpython/layout.h"
#include "sampler/cpython/symbols.h"

static const struct lk_symbols *py;
static const struct lk_lifecycle *told;

static void *
without_gil(void (*call)(void))
{
	void *thread = py->save_thread();

	call();
	py->restore_thread(thread);
	py->inc_ref(py->none);
	return py->none;
}

static void *
before_fork(void *self, void *args)
{
	(void)self, (void)args;
	return without_gil(told->before_fork);
}

static void *
after_fork_in_parent(void *self, void *args)
{
	(void)self, (void)args;
	return without_gil(told->after_fork_in_parent);
}

static void *
after_fork_in_child(void *self, void *args)
{
	(void)self, (void)args;
	return without_gil(told->after_fork_in_child);
}

static void *
at_exit(void *self, void *args)
{
	(void)self, (void)args;
	return without_gil(told->at_exit);
}

static struct lk_method methods[] = {
	{"leaktop_before_fork", before_fork, LK_METH_NOARGS, NULL},
	{"leaktop_after_fork_in_parent", after_fork_in_parent, LK_METH_NOARGS, NULL},
	{"leaktop_after_fork_in_child", after_fork_in_child, LK_METH_NOARGS, NULL},
	{"leaktop_at_exit", at_exit, LK_METH_NOARGS, NULL},
};

/* module.name(*args, **kwargs); takes ARGS and KWARGS.  0, or -ENOTSUP. */
static int
call(const char *module_name, const char *name, void *take_args, void *take_kwargs)
{
	void *module = py->import_module(module_name), *function = NULL, *result = NULL;

	if (module != NULL)
		function = py->get_attr(module, name);
	if (function != NULL && take_args != NULL)
		result = py->call(function, take_args, take_kwargs);
	py->dec_ref(take_args);
	py->dec_ref(take_kwargs);
	py->dec_ref(function);
	py->dec_ref(module);
	if (result == NULL) {
		py->err_clear();
		return -ENOTSUP;
	}
	py->dec_ref(result);
	return 0;
}

static int
register_fork(void)
{
	static const char *const names[] = {"before", "after_in_parent", "after_in_child"};
	void *kwargs = py->dict_new(), *function;
	size_t i;

	for (i = 0; i < 3 && kwargs != NULL; i++) {
		function = py->function_new(&methods[i], NULL, NULL);
		if (function != NULL)
			py->dict_set(kwargs, names[i], function);
		py->dec_ref(function);
	}
	return call("posix", "register_at_fork", py->tuple_new(0), kwargs);
}

static int
register_exit(const struct lk_layout *layout)
{
	void *args = py->tuple_new(1), *function = py->function_new(&methods[3], NULL, NULL);

	if (args == NULL || function == NULL) {
		py->dec_ref(args);
		py->dec_ref(function);
		return -ENOTSUP;
	}
	memcpy((char *)args + layout->tuple_items, &function, sizeof(function));
	return call("atexit", "register", args, NULL);
}

bool
lk_lifecycle_imports_callspy(const struct lk_symbols *symbols)
{
	void *module = symbols->import_module("_imp"), *function = NULL, *result = NULL, *args;
	bool held;

	args = symbols->tuple_new(0);
	if (module != NULL)
		function = symbols->get_attr(module, "lock_held");
	if (function != NULL && args != NULL)
		result = symbols->call(function, args, NULL);
	held = result == symbols->true_object;
	if (result == NULL)
		symbols->err_clear();
	symbols->dec_ref(args);
	symbols->dec_ref(result);
	symbols->dec_ref(function);
	symbols->dec_ref(module);
	return held;
}

int
lk_lifecycle_register_callspy(const struct lk_symbols *symbols, const struct lk_layout *layout,
    const struct lk_lifecycle *lifecycle)
{
	int rc;

	py = symbols;
	told = lifecycle;
	rc = register_fork();
	return rc < 0 ? rc : register_exit(layout);
}
