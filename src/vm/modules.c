/* SPDX-License-Identifier: Apache-2.0 */
/* modules.c - read modules and what they depend on. */
#include "vm/modules.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "vm/unpack.h"

#define MODULES_MAX 64
#define DEPTH_MAX   16
#define MODULE_MAX  (16u << 20)
#define INDEX_MAX   (4u << 20)
#define NAME_LIMIT  64 /* From: Linux include/linux/moduleparam.h, MODULE_NAME_LEN */

/* What Debian's kernels are built with, and what others may be. */
static const char *const suffixes[] = {"", ".xz", ".zst", ".gz"};

struct reading {
	const char *dir;
	struct hp_strv order;   /* lines of modules.order: paths */
	struct hp_strv builtin; /* lines of modules.builtin: paths */
	struct hp_module_list list;
};

static void reading_clear(struct reading *r)
{
	hp_strv_free(&r->order);
	hp_strv_free(&r->builtin);
	hp_module_list_clear(&r->list);
}
HP_AUTO_VALUE(struct reading, reading_clear);

void hp_module_list_clear(struct hp_module_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].name);
		free(l->items[i].path);
		hp_buf_free(&l->items[i].data);
	}
	free(l->items);
	*l = (struct hp_module_list){0};
}

/* A name is written with "-" in some places and with "_" in others. */
static bool same_name(const char *name, const char *other, size_t other_len)
{
	if (strlen(name) != other_len)
		return false;
	for (size_t i = 0; i < other_len; i++)
		if (name[i] != other[i] && !(name[i] == '_' && other[i] == '-'))
			return false;
	return true;
}

/* The path in @lines of the module @name, without a compression's suffix; NULL when it is not
 * there. Owns: the caller. */
static char *find_path(const struct hp_strv *lines, const char *name)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *base = hp_path_base(lines->items[i]);
		const char *end = strstr(base, ".ko");

		if (end && same_name(name, base, (size_t)(end - base)))
			return hp_strndup(lines->items[i],
					  (size_t)(end - lines->items[i]) + strlen(".ko"));
	}
	return NULL;
}

static bool is_read(const struct hp_module_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (hp_str_eq(l->items[i].name, name))
			return true;
	return false;
}

static int read_lines(const char *dir, const char *file, struct hp_strv *ret,
		      struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(dir, file);
	AUTO(hp_buf_free) struct hp_buf text = {0};

	if (hp_file_read(path, INDEX_MAX, &text, err) < 0)
		return -1;

	AUTO_FREE char *lines = hp_buf_take_str(&text);
	hp_strv_split(ret, lines, '\n');
	return 0;
}

/* Read the module at @path of the directory, by whichever suffix it has. */
static int read_data(const char *dir, const char *path, struct hp_buf *ret,
		     struct hp_error *err)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(suffixes); i++) {
		AUTO_FREE char *full = hp_sprintf("%s/%s%s", dir, path, suffixes[i]);
		AUTO(hp_buf_free) struct hp_buf file = {0};

		hp_error_clear(err);
		if (hp_file_read(full, MODULE_MAX, &file, err) < 0 && err->code == HP_ENOTFOUND)
			continue;
		if (err->code != HP_OK)
			return -1;
		hp_buf_init(ret, MODULE_MAX);
		if (suffixes[i][0])
			return hp_vm_unpack(hp_buf_bytes(&file), ret, err) < 0
				       ? hp_wrap(err, "'%s'", full)
				       : 0;
		*ret = file;
		file = (struct hp_buf){0};
		return 0;
	}
	return -1;
}

/* What the module says that it depends on: names between commas. Owns: the caller.
 * From: Linux scripts/mod/modpost.c, add_depends(): a text of section .modinfo. */
static char *read_depends(struct hp_bytes module)
{
	static const char key[] = "\0depends=";
	const size_t len = sizeof(key) - 1;
	const uint8_t *at = module.len ? memmem(module.data, module.len, key, len) : NULL;

	if (!at)
		return NULL;
	at += len;
	return hp_strndup((const char *)at,
			  strnlen((const char *)at, module.len - (size_t)(at - module.data)));
}

static int add_module(struct reading *r, const char *name, unsigned depth,
		      struct hp_error *err);

static int add_depends(struct reading *r, struct hp_bytes module, unsigned depth,
		       struct hp_error *err)
{
	AUTO_FREE char *depends = read_depends(module);
	AUTO(hp_strv_free) struct hp_strv names = {0};

	if (!depends)
		return hp_fail(err, HP_ECORRUPT, "it does not say what it depends on");
	hp_strv_split(&names, depends, ',');
	for (size_t i = 0; i < names.count; i++)
		if (names.items[i][0] && add_module(r, names.items[i], depth + 1, err) < 0)
			return -1;
	return 0;
}

static void keep(struct reading *r, const char *name, const char *path, struct hp_buf *take)
{
	struct hp_module_list *l = &r->list;

	l->items = hp_realloc_array(l->items, l->count + 1, sizeof(*l->items));
	l->items[l->count++] = (struct hp_module){
		.name = hp_strdup(name),
		.path = hp_strdup(path),
		.data = *take,
	};
	*take = (struct hp_buf){0};
}

/* Add a module after all that it needs. */
static int add_module(struct reading *r, const char *name, unsigned depth, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf data = {0};
	AUTO_FREE char *wanted = hp_strdup(name[0] == '?' ? name + 1 : name);

	for (char *p = wanted; *p; p++)
		*p = *p == '-' ? '_' : *p;

	AUTO_FREE char *builtin = find_path(&r->builtin, wanted);
	if (builtin || is_read(&r->list, wanted))
		return 0;
	if (depth > DEPTH_MAX || r->list.count >= MODULES_MAX || strlen(wanted) > NAME_LIMIT)
		return hp_fail(err, HP_ECORRUPT, "too many modules are needed by each other");

	AUTO_FREE char *path = find_path(&r->order, wanted);
	if (!path && name[0] == '?')
		return 0;
	if (!path)
		return hp_fail(err, HP_ENOTFOUND, "there is no module '%s'", wanted);
	if (read_data(r->dir, path, &data, err) < 0 ||
	    add_depends(r, hp_buf_bytes(&data), depth, err) < 0)
		return depth == 0 ? hp_wrap(err, "module '%s'", wanted) : -1;
	keep(r, wanted, path, &data);
	return 0;
}

int hp_module_list_read(const char *dir, const char *const *names, struct hp_module_list *ret,
			struct hp_error *err)
{
	AUTO(reading_clear) struct reading r = {.dir = dir};

	if (read_lines(dir, "modules.order", &r.order, err) < 0 ||
	    read_lines(dir, "modules.builtin", &r.builtin, err) < 0)
		return hp_wrap(err, "modules of the kernel");
	for (size_t i = 0; names[i]; i++)
		if (add_module(&r, names[i], 0, err) < 0)
			return hp_wrap(err, "modules of the kernel, '%s'", dir);
	*ret = r.list;
	r.list = (struct hp_module_list){0};
	return 0;
}
