/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - read the file of settings, and know what it may leave out. */
#include "vm/config.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "wire/json.h"

#define FILE_MAX        (64 * 1024)
#define MEMORY_DEFAULT  (2ull << 30)
#define CPUS_MOST       64
#define TCG_CACHE_LEAST 8
#define TCG_CACHE_MOST  4096
#define WARM_MOST       256
#define NOBODY          65534

enum kind { KIND_TEXT, KIND_PATH, KIND_NUMBER, KIND_SIZE };

struct row {
	const char *key;
	enum kind kind;
	size_t offset;
	uint64_t least, most; /* of numbers and sizes */
};

#define AT(field) offsetof(struct hp_vm_config, field)

/* clang-format off: one row a setting */
static const struct row rows[] = {
	{"vmm", KIND_TEXT, AT(vmm), 0, 0},
	{"qemu", KIND_TEXT, AT(qemu), 0, 0},
	{"kernel", KIND_PATH, AT(kernel), 0, 0},
	{"modules", KIND_PATH, AT(modules), 0, 0},
	{"init", KIND_PATH, AT(init), 0, 0},
	{"state_dir", KIND_PATH, AT(state_dir), 0, 0},
	{"run_dir", KIND_PATH, AT(run_dir), 0, 0},
	{"accel", KIND_TEXT, AT(accel), 0, 0},
	{"memory", KIND_SIZE, AT(memory_bytes), HP_VM_MEMORY_LEAST, HP_VM_MEMORY_MOST},
	{"cpus", KIND_NUMBER, AT(cpus), 1, CPUS_MOST},
	{"tcg_cache_mib", KIND_NUMBER, AT(tcg_cache_mib), TCG_CACHE_LEAST, TCG_CACHE_MOST},
	{"uid", KIND_NUMBER, AT(uid), 0, UINT_MAX - 1},
	{"gid", KIND_NUMBER, AT(gid), 0, UINT_MAX - 1},
	{"warm", KIND_NUMBER, AT(warm), 0, WARM_MOST},
};
/* clang-format on */

static void set_text(void *at, const char *text)
{
	char **field = at;

	free(*field);
	*field = hp_strdup(text);
}

void hp_vm_config_defaults(struct hp_vm_config *ret)
{
	*ret = (struct hp_vm_config){
		.vmm = hp_strdup("qemu"),
		.qemu = hp_strdup("qemu-system-x86_64"),
		.state_dir = hp_strdup("/var/lib/harpoon/vm"),
		.run_dir = hp_strdup("/run/harpoon/vm"),
		.accel = hp_strdup("auto"),
		.memory_bytes = MEMORY_DEFAULT,
		.cpus = 1,
		.tcg_cache_mib = 32,
		.uid = NOBODY,
		.gid = NOBODY,
	};
}

static int read_text(const struct row *row, const struct hp_json *v, void *at,
		     struct hp_error *err)
{
	const char *text = hp_json_str(v);

	if (hp_str_empty(text))
		return hp_fail(err, HP_EINVALID, "'%s' must be a text", row->key);
	if (row->kind == KIND_PATH && text[0] != '/')
		return hp_fail(err, HP_EINVALID, "'%s' is '%.200s', which is no absolute path",
			       row->key, text);
	set_text(at, text);
	return 0;
}

/* A size may be a text with a unit too, such as "512m". */
static int read_number(const struct row *row, const struct hp_json *v, uint64_t *ret,
		       struct hp_error *err)
{
	uint64_t n = hp_json_u64(v, UINT64_MAX);
	int64_t size;

	if (row->kind == KIND_SIZE && hp_json_str(v)) {
		if (hp_str_size(hp_json_str(v), &size, err) < 0)
			return hp_wrap(err, "'%s'", row->key);
		n = size < 0 ? 0 : (uint64_t)size;
	}
	if (n == UINT64_MAX)
		return hp_fail(err, HP_EINVALID, "'%s' must be a number", row->key);
	if (n < row->least || n > row->most)
		return hp_fail(err, HP_EINVALID, "'%s' is %llu, not between %llu and %llu",
			       row->key, (unsigned long long)n, (unsigned long long)row->least,
			       (unsigned long long)row->most);
	*ret = n;
	return 0;
}

static int read_row(const struct row *row, const struct hp_json *v, struct hp_vm_config *c,
		    struct hp_error *err)
{
	char *at = (char *)c + row->offset;
	uint64_t n = 0;

	if (row->kind == KIND_TEXT || row->kind == KIND_PATH)
		return read_text(row, v, at, err);
	if (read_number(row, v, &n, err) < 0)
		return -1;
	if (row->kind == KIND_SIZE)
		*(uint64_t *)(void *)at = n;
	else
		*(unsigned *)(void *)at = (unsigned)n;
	return 0;
}

static const struct row *find_row(const char *key)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (hp_str_eq(rows[i].key, key))
			return &rows[i];
	return NULL;
}

static int check(const struct hp_vm_config *c, struct hp_error *err)
{
	if (!hp_str_eq(c->accel, "auto") && !hp_str_eq(c->accel, "kvm") &&
	    !hp_str_eq(c->accel, "tcg"))
		return hp_fail(err, HP_EINVALID, "'accel' is '%.80s', not auto, kvm or tcg",
			       c->accel);
	return 0;
}

int hp_vm_config_parse(struct hp_bytes text, struct hp_vm_config *ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *top = NULL;
	AUTO(hp_vm_config_clear) struct hp_vm_config c = {0};

	if (hp_json_parse(text, &top, err) < 0) {
		err->code = HP_EINVALID;
		return -1;
	}
	if (!hp_json_is_object(top))
		return hp_fail(err, HP_EINVALID, "it is no JSON object");
	hp_vm_config_defaults(&c);
	for (size_t i = 0; i < hp_json_count(top); i++) {
		const char *key = hp_json_key_at(top, i);
		const struct row *row = find_row(key);

		if (!row)
			return hp_fail(err, HP_EINVALID, "there is no setting '%.80s'", key);
		if (read_row(row, hp_json_value_at(top, i), &c, err) < 0)
			return -1;
	}
	if (check(&c, err) < 0)
		return -1;
	*ret = c;
	c = (struct hp_vm_config){0};
	return 0;
}

int hp_vm_config_load(struct hp_vm_config *ret, struct hp_error *err)
{
	const char *named = getenv("HARPOON_VM_CONFIG");
	const char *path = hp_str_empty(named) ? HP_VM_CONFIG_FILE : named;
	AUTO(hp_buf_free) struct hp_buf text = {0};

	if (hp_file_read(path, FILE_MAX, &text, err) < 0) {
		/* The file that was named must be there. */
		if (err->code != HP_ENOTFOUND || path == named)
			return hp_wrap(err, "settings of machines");
		hp_error_clear(err);
		hp_vm_config_defaults(ret);
		return 0;
	}
	if (hp_vm_config_parse(hp_buf_bytes(&text), ret, err) < 0)
		return hp_wrap(err, "settings of machines, '%s'", path);
	return 0;
}

bool hp_vm_config_same(const struct hp_vm_config *a, const struct hp_vm_config *b)
{
	bool same = true;

	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		const char *x = (const char *)a + row->offset;
		const char *y = (const char *)b + row->offset;

		if (row->kind == KIND_TEXT || row->kind == KIND_PATH) {
			const char *s = *(char *const *)(const void *)x;
			const char *t = *(char *const *)(const void *)y;

			same &= s && t ? strcmp(s, t) == 0 : s == t;
		} else {
			same &= memcmp(x, y,
				       row->kind == KIND_SIZE ? sizeof(uint64_t)
							      : sizeof(unsigned)) == 0;
		}
	}
	return same;
}

void hp_vm_config_clear(struct hp_vm_config *c)
{
	free(c->vmm);
	free(c->qemu);
	free(c->kernel);
	free(c->modules);
	free(c->init);
	free(c->state_dir);
	free(c->run_dir);
	free(c->accel);
	*c = (struct hp_vm_config){0};
}
