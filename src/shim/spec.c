/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - owns a container's configuration: read once, asked for its parts, packed for the guest. */
#include "shim/spec.h"

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "shim/spec_parts.h"

#define CONFIG_MAX        (16 << 20)
#define ANNOTATION_MEMORY "io.harpoon.vm.memory"
#define ANNOTATION_CPUS   "io.harpoon.vm.cpus"
#define CPUS_MAX          64
#define MEMORY_MIN        (16 << 20)
#define ROOT_NAME         "rootfs" /* of the share that is the root; see proto/guest.proto */

struct hp_shim_spec {
	struct hp_shim__arena arena;
	struct hp_strv warnings;
	struct hp_strv annotations;     /* KEY, VALUE... */
	Hp__Guest__Container container; /* without an id */
	struct hp_shim__mounts mounts;
	struct hp_shim__hooks hooks;
	struct hp_shim__seccomp *seccomp; /* NULL: no filter */
	char *netns, *root, *cgroups_path;
	uint64_t memory;
	unsigned cpus;
};

void hp_shim_spec_free(struct hp_shim_spec *s)
{
	if (!s)
		return;
	hp_shim__seccomp_free(s->seccomp);
	hp_strv_free(&s->warnings);
	hp_strv_free(&s->annotations);
	hp_shim__arena_clear(&s->arena);
	free(s);
}

static int read_annotations(struct hp_shim_spec *s, const struct hp_json *config,
			    struct hp_error *err)
{
	const struct hp_json *v = NULL;

	if (hp_shim__read_object(HP_SHIM_FIELD(config, "config.json", "annotations"), &v, err) <
	    0)
		return -1;
	for (size_t i = 0; i < hp_json_count(v); i++) {
		const char *value = hp_json_str(hp_json_value_at(v, i));

		if (!value)
			return hp_fail(err, HP_EINVALID, "annotations: '%.64s' is no string",
				       hp_json_key_at(v, i));
		hp_strv_add(&s->annotations, hp_json_key_at(v, i));
		hp_strv_add(&s->annotations, value);
	}
	return 0;
}

static const char *annotation(const struct hp_shim_spec *s, const char *key)
{
	for (size_t i = 0; i + 1 < s->annotations.count; i += 2)
		if (strcmp(s->annotations.items[i], key) == 0)
			return s->annotations.items[i + 1];
	return NULL;
}

/* What the machine has to have: what its annotations say, else what its limits let it use. */
static int set_size(struct hp_shim_spec *s, struct hp_error *err)
{
	const Hp__Guest__Resources *r = s->container.resources;
	const char *memory = annotation(s, ANNOTATION_MEMORY);
	const char *cpus = annotation(s, ANNOTATION_CPUS);
	int64_t bytes = r->memory_max && r->memory_max->value > 0 ? r->memory_max->value : 0;
	int64_t period = r->cpu_period_us ? r->cpu_period_us->value : 100000;
	int64_t quota = r->cpu_quota_us ? r->cpu_quota_us->value : -1;
	uint64_t n = 0;

	if (memory && hp_str_size(memory, &bytes, err) < 0)
		return hp_wrap(err, "annotation '%s'", ANNOTATION_MEMORY);
	if (memory && bytes < MEMORY_MIN)
		return hp_fail(err, HP_EINVALID, "annotation '%s': less than %d MiB",
			       ANNOTATION_MEMORY, MEMORY_MIN >> 20);
	if (cpus && hp_str_u64(cpus, &n, err) < 0)
		return hp_wrap(err, "annotation '%s'", ANNOTATION_CPUS);
	if (cpus && (n == 0 || n > CPUS_MAX))
		return hp_fail(err, HP_EINVALID, "annotation '%s': not from 1 to %d",
			       ANNOTATION_CPUS, CPUS_MAX);
	if (!cpus && quota > 0)
		n = (uint64_t)((quota - 1) / period + 1);
	s->memory = (uint64_t)bytes;
	s->cpus = n > CPUS_MAX ? CPUS_MAX : (unsigned)n;
	return 0;
}

static int read_root(const struct hp_shim__reader *r, struct hp_shim_spec *s,
		     const struct hp_json *config, struct hp_error *err)
{
	const struct hp_json *root = NULL;
	char *path = NULL;
	bool read_only = false;

	if (hp_shim__read_object(HP_SHIM_FIELD(config, "config.json", "root"), &root, err) <
		    0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(root, "root", "path"), &path, err) < 0 ||
	    hp_shim__read_bool(HP_SHIM_FIELD(root, "root", "readonly"), &read_only, err) < 0)
		return -1;
	if (hp_str_empty(path))
		return hp_fail(err, HP_EINVALID, "root.path: there is none");
	s->root = hp_shim__arena_take(r->arena, *path == '/' ? hp_path_clean(path)
							     : hp_path_join(r->bundle, path));
	s->container.rootfs = hp_shim__arena_str(r->arena, ROOT_NAME);
	s->container.rootfs_readonly = read_only;
	return 0;
}

/* What was bound and became a node of the guest's own. */
static void add_devices(const struct hp_shim__reader *r, Hp__Guest__Container *c,
			const struct hp_shim__mounts *m)
{
	Hp__Guest__Device **all = hp_shim__arena_array(r->arena, c->n_devices + m->n_devices,
						       sizeof(Hp__Guest__Device *));
	size_t n = 0;

	for (size_t i = 0; i < c->n_devices; i++)
		all[n++] = c->devices[i];
	for (size_t i = 0; i < m->n_devices; i++)
		all[n++] = m->devices[i];
	c->devices = all;
	c->n_devices = n;
}

static int read_linux(const struct hp_shim__reader *r, struct hp_shim_spec *s,
		      const struct hp_json *config, struct hp_error *err)
{
	const struct hp_json *v = NULL;
	const struct hp_json *resources = NULL;
	const struct hp_json *seccomp = NULL;

	if (hp_shim__read_object(HP_SHIM_FIELD(config, "config.json", "linux"), &v, err) < 0 ||
	    hp_shim__spec_linux(r, v, &s->container, &s->netns, err) < 0 ||
	    hp_shim__read_object(HP_SHIM_FIELD(v, "linux", "resources"), &resources, err) < 0 ||
	    hp_shim__spec_resources(r, resources, &s->container.resources, err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(v, "linux", "cgroupsPath"), &s->cgroups_path,
			      err) < 0 ||
	    hp_shim__read_object(HP_SHIM_FIELD(v, "linux", "seccomp"), &seccomp, err) < 0)
		return -1;
	if (!seccomp)
		return 0;
	return hp_shim__seccomp_begin(seccomp, &s->seccomp, err);
}

static int read_config(const struct hp_shim__reader *r, struct hp_shim_spec *s,
		       const struct hp_json *config, struct hp_error *err)
{
	Hp__Guest__Container *c = &s->container;

	if (!hp_json_is_object(config))
		return hp_fail(err, HP_ECORRUPT, "it is no object");
	if (hp_shim__spec_process(r, hp_json_get(config, "process"), &c->process, err) < 0 ||
	    read_root(r, s, config, err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(config, "config.json", "hostname"), &c->hostname,
			      err) < 0 ||
	    hp_shim__read_str(r, HP_SHIM_FIELD(config, "config.json", "domainname"),
			      &c->domainname, err) < 0 ||
	    hp_shim__spec_mounts(r, config, &s->mounts, err) < 0 ||
	    hp_shim__spec_hooks(r, config, &s->hooks, err) < 0 ||
	    read_annotations(s, config, err) < 0 || read_linux(r, s, config, err) < 0)
		return -1;
	c->mounts = s->mounts.mounts;
	c->n_mounts = s->mounts.n_mounts;
	add_devices(r, c, &s->mounts);
	return set_size(s, err);
}

static int read_undo(const struct hp_shim__reader *r, struct hp_shim_spec *s,
		     const struct hp_json *config, struct hp_error *err)
{
	const struct hp_json *v = NULL;

	if (hp_shim__spec_hooks(r, config, &s->hooks, err) < 0 ||
	    read_annotations(s, config, err) < 0 ||
	    hp_shim__read_object(HP_SHIM_FIELD(config, "config.json", "linux"), &v, err) < 0)
		return -1;
	return hp_shim__spec_linux(r, v, &s->container, &s->netns, err);
}

typedef int (*read_fn)(const struct hp_shim__reader *r, struct hp_shim_spec *s,
		       const struct hp_json *config, struct hp_error *err);

static int read_file(const char *bundle, read_fn read_parts, struct hp_shim_spec **ret,
		     struct hp_error *err)
{
	AUTO(hp_shim_spec_free) struct hp_shim_spec *s = hp_alloc(sizeof(*s));
	AUTO(hp_json_free) struct hp_json *config = NULL;
	AUTO(hp_buf_free) struct hp_buf text;
	AUTO_FREE char *path = hp_path_join(bundle, "config.json");
	const struct hp_shim__reader r = {
		.arena = &s->arena, .warnings = &s->warnings, .bundle = bundle};

	hp__guest__container__init(&s->container);
	s->cgroups_path = hp_shim__arena_str(&s->arena, "");
	hp_buf_init(&text, CONFIG_MAX);
	if (hp_file_read(path, CONFIG_MAX, &text, err) < 0 ||
	    hp_json_parse(hp_buf_bytes(&text), &config, err) < 0 ||
	    read_parts(&r, s, config, err) < 0)
		return hp_wrap(err, "read '%.200s'", path);
	*ret = TAKE(s);
	return 0;
}

int hp_shim_spec_read(const char *bundle, struct hp_shim_spec **ret, struct hp_error *err)
{
	return read_file(bundle, read_config, ret, err);
}

int hp_shim_spec_read_undo(const char *bundle, struct hp_shim_spec **ret, struct hp_error *err)
{
	return read_file(bundle, read_undo, ret, err);
}

uint64_t hp_shim_spec_memory(const struct hp_shim_spec *s)
{
	return s->memory;
}

unsigned hp_shim_spec_cpus(const struct hp_shim_spec *s)
{
	return s->cpus;
}

const char *hp_shim_spec_netns(const struct hp_shim_spec *s)
{
	return s->netns;
}

const char *hp_shim_spec_root(const struct hp_shim_spec *s)
{
	return s->root;
}

const char *hp_shim_spec_hostname(const struct hp_shim_spec *s)
{
	return s->container.hostname;
}

const char *hp_shim_spec_cgroups_path(const struct hp_shim_spec *s)
{
	return s->cgroups_path;
}

bool hp_shim_spec_terminal(const struct hp_shim_spec *s)
{
	return s->container.process->terminal;
}

const struct hp_shim_share *hp_shim_spec_shares(const struct hp_shim_spec *s, size_t *ret_n)
{
	*ret_n = s->mounts.n_shares;
	return s->mounts.shares;
}

const struct hp_shim_hook *hp_shim_spec_hooks(const struct hp_shim_spec *s,
					      enum hp_shim_hook_kind kind, size_t *ret_n)
{
	*ret_n = s->hooks.n[kind];
	return s->hooks.hooks[kind];
}

const struct hp_strv *hp_shim_spec_annotations(const struct hp_shim_spec *s)
{
	return &s->annotations;
}

const struct hp_strv *hp_shim_spec_warnings(const struct hp_shim_spec *s)
{
	return &s->warnings;
}

static int pack(const ProtobufCMessage *m, struct hp_buf *ret, struct hp_error *err)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *room = hp_buf_reserve(ret, len, err);

	if (!room)
		return -1;
	ret->len += protobuf_c_message_pack(m, room);
	return 0;
}

/* The process as it is, with the streams that it is to have. */
static Hp__Guest__Process with_streams(const Hp__Guest__Process *p,
				       const struct hp_shim_streams *streams)
{
	Hp__Guest__Process with = *p;

	with.terminal = streams->terminal;
	with.stdin = streams->in;
	with.stdout = streams->out;
	with.stderr = streams->err;
	if (streams->width > 0 && streams->height > 0) {
		with.width = streams->width;
		with.height = streams->height;
	}
	return with;
}

int hp_shim_spec_create(const struct hp_shim_spec *s, const char *id,
			const struct hp_shim_streams *streams,
			const struct hp_shim_block *block, struct hp_buf *ret_packed,
			struct hp_error *err)
{
	AUTO_FREE char *name = hp_strdup(id);
	Hp__Guest__Block root = HP__GUEST__BLOCK__INIT;
	Hp__Guest__CreateRequest request = HP__GUEST__CREATE_REQUEST__INIT;
	Hp__Guest__Container container = s->container;
	Hp__Guest__Process process = with_streams(container.process, streams);
	struct hp_bytes program = {0};

	if (s->seccomp &&
	    hp_shim__seccomp_take(s->seccomp, &program, &container.seccomp_flags, err) < 0)
		return -1;
	container.id = name;
	container.process = &process;
	container.seccomp.data = (uint8_t *)(uintptr_t)program.data;
	container.seccomp.len = program.len;
	if (block) {
		root.type = block->type;
		root.flags = block->flags;
		root.data = block->data;
		container.root_block = &root;
	}
	request.container = &container;
	return pack(&request.base, ret_packed, err);
}

int hp_shim_spec_exec(const struct hp_shim_spec *s, struct hp_bytes process_json,
		      uint32_t number, const struct hp_shim_streams *streams,
		      struct hp_buf *ret_packed, struct hp_error *err)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	AUTO(hp_json_free) struct hp_json *v = NULL;
	const struct hp_shim__reader r = {.arena = &arena};
	Hp__Guest__ExecRequest request = HP__GUEST__EXEC_REQUEST__INIT;
	Hp__Guest__Process process;

	(void)s;
	if (hp_json_parse(process_json, &v, err) < 0 ||
	    hp_shim__spec_process(&r, v, &request.process, err) < 0)
		return hp_wrap(err, "exec");
	process = with_streams(request.process, streams);
	request.number = number;
	request.process = &process;
	return pack(&request.base, ret_packed, err);
}

int hp_shim_spec_update(struct hp_bytes resources_json, struct hp_buf *ret_packed,
			struct hp_error *err)
{
	AUTO(hp_shim__arena_clear) struct hp_shim__arena arena = {0};
	AUTO(hp_json_free) struct hp_json *v = NULL;
	const struct hp_shim__reader r = {.arena = &arena};
	Hp__Guest__UpdateRequest request = HP__GUEST__UPDATE_REQUEST__INIT;

	if (hp_json_parse(resources_json, &v, err) < 0 ||
	    hp_shim__spec_resources(&r, v, &request.resources, err) < 0)
		return hp_wrap(err, "update");
	return pack(&request.base, ret_packed, err);
}
