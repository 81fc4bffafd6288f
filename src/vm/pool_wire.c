/* SPDX-License-Identifier: Apache-2.0 */
/* pool_wire.c - a pool's messages as text. */
#include "vm/pool_wire.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/str.h"
#include "wire/json.h"

#define CPUS_MOST 64

static const struct kind {
	const char *name;
	size_t n_fds; /* at least; a tap may be one more */
} kinds[] = {
	[HP_POOL_CLONE] = {"clone", 2},
	[HP_POOL_COLD] = {"cold", 0},
	[HP_POOL_WARM] = {"warm", HP_WARM_FDS - 1},
};

void hp_pool_answer_clear(struct hp_pool_answer *a)
{
	hp_template_clear(&a->template);
	hp_warm_clear(&a->warm);
}

char *hp_pool_address(const struct hp_vm_config *c)
{
	return hp_path_join(c->run_dir, "pool.sock");
}

char *hp_pool__request_text(const struct hp_pool_request *r)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();

	hp_json_set_str(top, "key", r->key);
	hp_json_set_u64(top, "memory", r->shape.memory_bytes);
	hp_json_set_u64(top, "cpus", r->shape.cpus);
	hp_json_set_bool(top, "net", r->shape.net);
	hp_json_set_str(top, "disk", hp_shape_disk_name(r->shape.disk));
	hp_json_set_bool(top, "warm", r->warm);

	AUTO_FREE char *text = hp_json_text(top, false);
	return hp_sprintf("%s\n", text);
}

static int parse(struct hp_bytes text, struct hp_json **ret, struct hp_error *err)
{
	if (hp_json_parse(text, ret, err) == 0)
		return 0;
	err->code = HP_EPROTO;
	return hp_wrap(err, "a message of the pool");
}

int hp_pool__request_read(struct hp_bytes text, struct hp_pool_request *ret,
			  struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *top = NULL;
	struct hp_pool_request r = {0};

	if (parse(text, &top, err) < 0)
		return -1;

	const char *key = hp_json_get_str(top, "key");
	const uint64_t cpus = hp_json_u64(hp_json_get(top, "cpus"), 0);
	/* It becomes part of a path. */
	if (!key || strlen(key) != HP_VM_KEY - 1 ||
	    strspn(key, "0123456789abcdef") != HP_VM_KEY - 1)
		return hp_fail(err, HP_EPROTO, "a message of the pool: no key");
	memcpy(r.key, key, HP_VM_KEY);
	r.shape.memory_bytes = hp_json_u64(hp_json_get(top, "memory"), 0);
	r.shape.net = hp_json_bool(hp_json_get(top, "net"), false);
	r.warm = hp_json_bool(hp_json_get(top, "warm"), false);
	if (r.shape.memory_bytes == 0 || cpus == 0 || cpus > CPUS_MOST)
		return hp_fail(err, HP_EPROTO, "a message of the pool: no shape of a machine");
	if (hp_shape_disk_read(hp_json_get_str(top, "disk"), &r.shape.disk, err) < 0) {
		err->code = HP_EPROTO;
		return hp_wrap(err, "a message of the pool");
	}
	r.shape.cpus = (unsigned)cpus;
	*ret = r;
	return 0;
}

char *hp_pool__answer_text(const struct hp_pool_answer *a, const struct hp_error *why,
			   int ret_fds[HP_POOL_FDS], size_t *ret_n)
{
	AUTO(hp_json_free) struct hp_json *top = hp_json_object();

	*ret_n = 0;
	if (why) {
		hp_json_set_str(top, "failed", why->msg);
		hp_json_set_u64(top, "code", why->code);
	} else {
		hp_json_set_str(top, "kind", kinds[a->kind].name);
		*ret_n = kinds[a->kind].n_fds;
	}
	if (!why && a->kind == HP_POOL_CLONE) {
		ret_fds[0] = a->template.memory_fd;
		ret_fds[1] = a->template.state_fd;
	} else if (!why && a->kind == HP_POOL_WARM) {
		hp_json_set_i64(top, "pid", a->warm.pid);
		memcpy(ret_fds, a->warm.fds, sizeof(a->warm.fds));
		*ret_n += a->warm.fds[HP_WARM_TAP] >= 0;
	}

	AUTO_FREE char *text = hp_json_text(top, false);
	return hp_sprintf("%s\n", text);
}

/* Does a message of this kind have so many descriptors? */
static bool fits(const struct kind *k, size_t n_fds)
{
	return n_fds == k->n_fds || (k == &kinds[HP_POOL_WARM] && n_fds == k->n_fds + 1);
}

static int read_answer(const struct hp_json *top, size_t n_fds, enum hp_pool_kind *ret,
		       struct hp_error *err)
{
	const char *kind = hp_json_get_str(top, "kind");
	const char *failed = hp_json_get_str(top, "failed");

	if (failed)
		return hp_fail(err,
			       (enum hp_code)hp_json_u64(hp_json_get(top, "code"), HP_EFAILED),
			       "%s", failed);
	for (size_t i = 0; i < HP_ARRAY_LEN(kinds); i++) {
		if (!hp_str_eq(kinds[i].name, kind) || !fits(&kinds[i], n_fds))
			continue;
		*ret = (enum hp_pool_kind)i;
		return 0;
	}
	return hp_fail(err, HP_EPROTO, "an answer of the pool that is of no known kind");
}

int hp_pool__answer_read(struct hp_bytes text, const int *take_fds, size_t n_fds,
			 struct hp_pool_answer *ret, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *top = NULL;
	struct hp_pool_answer a = HP_POOL_ANSWER_INIT;

	if (parse(text, &top, err) < 0 || read_answer(top, n_fds, &a.kind, err) < 0) {
		for (size_t i = 0; i < n_fds; i++)
			close(take_fds[i]);
		return -1;
	}
	if (a.kind == HP_POOL_CLONE) {
		a.template.memory_fd = take_fds[0];
		a.template.state_fd = take_fds[1];
	} else if (a.kind == HP_POOL_WARM) {
		a.warm.pid = (pid_t)hp_json_i64(hp_json_get(top, "pid"), 0);
		memcpy(a.warm.fds, take_fds, n_fds * sizeof(*take_fds));
	}
	*ret = a;
	return 0;
}
