#include "config.h"

#include "sampler/cpython/symbols.h"

#include <dlfcn.h>
#include <string.h>

#include "base/attr.h"

#define MEMBER(field, name) {offsetof(struct lk_symbols, field), name, NULL}
#define RENAMED(field, name, before) {offsetof(struct lk_symbols, field), name, before}

static const struct {
	size_t		 offset;
	const char	*name, *before;		/* BEFORE: what older minors call it */
} table[] = {
	MEMBER(get_version, "Py_GetVersion"),
	MEMBER(is_initialized, "Py_IsInitialized"),
	MEMBER(gil_ensure, "PyGILState_Ensure"),
	MEMBER(gil_release, "PyGILState_Release"),
	MEMBER(this_thread_state, "PyGILState_GetThisThreadState"),
	RENAMED(current_thread_state, "PyThreadState_GetUnchecked",	/* 3.13 on */
	    "_PyThreadState_UncheckedGet"),
	MEMBER(save_thread, "PyEval_SaveThread"),
	MEMBER(restore_thread, "PyEval_RestoreThread"),
	MEMBER(add_pending_call, "Py_AddPendingCall"),
	MEMBER(get_allocator, "PyMem_GetAllocator"),
	MEMBER(set_allocator, "PyMem_SetAllocator"),
	MEMBER(import_module, "PyImport_ImportModule"),
	MEMBER(get_attr, "PyObject_GetAttrString"),
	MEMBER(function_new, "PyCFunction_NewEx"),
	MEMBER(call, "PyObject_Call"),
	MEMBER(tuple_new, "PyTuple_New"),
	MEMBER(dict_new, "PyDict_New"),
	MEMBER(dict_set, "PyDict_SetItemString"),
	MEMBER(dict_next, "PyDict_Next"),
	MEMBER(dict_values, "PyDict_Values"),
	MEMBER(dict_clear, "PyDict_Clear"),
	MEMBER(module_dict, "PyModule_GetDict"),
	MEMBER(import_modules, "PyImport_GetModuleDict"),
	MEMBER(allocator_name, "_PyMem_GetCurrentAllocatorName"),
	MEMBER(compile, "Py_CompileString"),
	MEMBER(eval_code, "PyEval_EvalCode"),
	MEMBER(main_interpreter, "PyInterpreterState_Main"),
	MEMBER(thread_head, "PyInterpreterState_ThreadHead"),
	MEMBER(thread_next, "PyThreadState_Next"),
	MEMBER(current_frame, "PyEval_GetFrame"),
	MEMBER(long_value, "PyLong_AsLong"),
	MEMBER(sys_object, "PySys_GetObject"),
	MEMBER(err_clear, "PyErr_Clear"),
	MEMBER(inc_ref, "Py_IncRef"),
	MEMBER(dec_ref, "Py_DecRef"),
	MEMBER(code_type, "PyCode_Type"),
	MEMBER(dict_type, "PyDict_Type"),
	MEMBER(list_type, "PyList_Type"),
	MEMBER(set_type, "PySet_Type"),
	MEMBER(frozenset_type, "PyFrozenSet_Type"),
	MEMBER(tuple_type, "PyTuple_Type"),
	MEMBER(bytes_type, "PyBytes_Type"),
	MEMBER(unicode_type, "PyUnicode_Type"),
	MEMBER(bytearray_type, "PyByteArray_Type"),
	MEMBER(type_type, "PyType_Type"),
	MEMBER(float_type, "PyFloat_Type"),
	MEMBER(module_type, "PyModule_Type"),
	MEMBER(cell_type, "PyCell_Type"),
	MEMBER(none, "_Py_NoneStruct"),
	MEMBER(true_object, "_Py_TrueStruct"),
	MEMBER(runtime, "_PyRuntime"),
};

const char *
lk_symbols_find(struct lk_symbols *out)
{
	const char *missing = NULL;
	size_t i;
	void *p;

	for (i = 0; i < LK_COUNT_OF(table); i++) {
		p = dlsym(RTLD_DEFAULT, table[i].name);
		if (p == NULL && table[i].before != NULL)
			p = dlsym(RTLD_DEFAULT, table[i].before);
		if (p == NULL && missing == NULL)
			missing = table[i].name;
		memcpy((char *)out + table[i].offset, &p, sizeof(p));
	}
	return missing;
}
