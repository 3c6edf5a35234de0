/* symbols.h - the interpreter's exported functions, found at run time: no Python headers.
 * Room: sampler/cpython; sampler/heap and sampler.c use it through its members.
 * Types are void *: nobody here may look inside except through layout.h. */
#ifndef LK_SAMPLER_CPYTHON_SYMBOLS_H
#define LK_SAMPLER_CPYTHON_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/* PyMemAllocatorEx: the ABI of PyMem_GetAllocator, unchanged since 3.5. */
struct lk_allocator {
	void	*ctx;
	void	*(*malloc)(void *ctx, size_t size);
	void	*(*calloc)(void *ctx, size_t count, size_t size);
	void	*(*realloc)(void *ctx, void *p, size_t size);
	void	 (*free)(void *ctx, void *p);
};

/* PyMethodDef: stable ABI. */
struct lk_method {
	const char	*name;
	void		*(*call)(void *self, void *args);
	int		 flags;
	const char	*doc;
};
#define LK_METH_VARARGS	1
#define LK_METH_NOARGS	4

/* Members are in the order of the table in symbols.c. */
struct lk_symbols {
	/* always there */
	const char	*(*get_version)(void);
	int		 (*is_initialized)(void);
	int		 (*gil_ensure)(void);
	void		 (*gil_release)(int state);
	void		*(*this_thread_state)(void);	/* the first that this thread had */
	void		*(*current_thread_state)(void);	/* <= 3.11: whoever has the GIL */
	void		*(*save_thread)(void);
	void		 (*restore_thread)(void *tstate);
	int		 (*add_pending_call)(int (*call)(void *ctx), void *ctx);
	void		 (*get_allocator)(int domain, struct lk_allocator *out);
	void		 (*set_allocator)(int domain, struct lk_allocator *allocator);
	void		*(*import_module)(const char *name);
	void		*(*get_attr)(void *object, const char *name);	/* new reference */
	void		*(*function_new)(struct lk_method *method, void *self, void *module);
	void		*(*call)(void *callable, void *args, void *kwargs);
	void		*(*tuple_new)(intptr_t size);
	void		*(*dict_new)(void);
	int		 (*dict_set)(void *dict, const char *key, void *value);
	int		 (*dict_next)(void *dict, intptr_t *position, void **key, void **value);
	void		*(*dict_values)(void *dict);
	void		 (*dict_clear)(void *dict);
	void		*(*module_dict)(void *module);
	void		*(*import_modules)(void);
	const char	*(*allocator_name)(void);
	void		*(*compile)(const char *source, const char *file, int start);
	void		*(*eval_code)(void *code, void *globals, void *locals);
	void		*(*main_interpreter)(void);
	void		*(*thread_head)(void *interpreter);	/* the newest state of a thread */
	void		*(*thread_next)(void *tstate);		/* an older one, or NULL */
	void		*(*current_frame)(void);		/* borrowed, or NULL */
	long		 (*long_value)(void *object);
	void		*(*sys_object)(const char *name);	/* borrowed, or NULL */
	void		 (*err_clear)(void);
	void		 (*inc_ref)(void *object);
	void		 (*dec_ref)(void *object);
	void		*code_type, *dict_type, *list_type, *set_type, *frozenset_type;
	void		*tuple_type, *bytes_type, *unicode_type, *bytearray_type, *type_type;
	void		*float_type, *module_type, *cell_type, *none, *true_object, *runtime;
};

/* lk_symbols_find - fill *OUT.  Context: not in a hook: the loader allocates.
 * Returns: NULL, or the name of the first symbol that is missing; all that are, are NULL. */
const char *lk_symbols_find(struct lk_symbols *out);

#endif
