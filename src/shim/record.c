/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - owns the form of harpoon.json. */
#include "shim/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "wire/json.h"

#define FILE_NAME "harpoon.json"
#define FILE_MAX  (64u << 10)

static void put_pid(struct hp_json *o, const char *key, struct hp_shim_pid p)
{
	struct hp_json *pid = hp_json_object();

	hp_json_set_i64(pid, "pid", p.pid);
	hp_json_set_u64(pid, "started", p.started);
	hp_json_set(o, key, pid);
}

static struct hp_shim_pid get_pid(const struct hp_json *o, const char *key)
{
	const struct hp_json *pid = hp_json_get(o, key);
	int64_t number = hp_json_i64(hp_json_get(pid, "pid"), 0);

	/* Never a group, and never every process. */
	if (number <= 1 || number > INT32_MAX)
		return (struct hp_shim_pid){0};
	return (struct hp_shim_pid){.pid = (pid_t)number,
				    .started = hp_json_u64(hp_json_get(pid, "started"), 0)};
}

int hp_shim_record_write(const char *bundle, const struct hp_shim_record *r,
			 struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *o = hp_json_object();
	AUTO_FREE char *path = hp_path_join(bundle, FILE_NAME);
	AUTO_FREE char *text = NULL;

	hp_json_set_str(o, "id", r->id);
	hp_json_set_str(o, "namespace", r->ns);
	hp_json_set_str(o, "socket", r->socket);
	hp_json_set_str(o, "link", r->link);
	hp_json_set_str(o, "cgroup", r->cgroup);
	put_pid(o, "shim", r->shim);
	put_pid(o, "vmm", r->vmm);
	put_pid(o, "files", r->files);
	hp_json_set_bool(o, "exited", r->exited);
	hp_json_set_u64(o, "exitStatus", r->exit_status);
	hp_json_set_i64(o, "exitedAt", r->exited_at_ns);
	hp_json_set_bool(o, "hooksDone", r->hooks_done);
	text = hp_json_text(o, false);
	return hp_file_write(path, text, strlen(text), 0600, err);
}

static char *get_str(const struct hp_json *o, const char *key)
{
	const char *s = hp_json_get_str(o, key);

	return hp_strdup(s ? s : "");
}

int hp_shim_record_read_file(const char *path, struct hp_shim_record *ret, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO(hp_json_free) struct hp_json *o = NULL;

	if (hp_file_read(path, FILE_MAX, &buf, err) < 0)
		return -1;
	if (hp_json_parse(hp_buf_bytes(&buf), &o, err) < 0)
		return hp_wrap(err, "'%s'", path);
	if (!hp_json_is_object(o))
		return hp_fail(err, HP_ECORRUPT, "'%s' is no object", path);
	*ret = (struct hp_shim_record){
		.id = get_str(o, "id"),
		.ns = get_str(o, "namespace"),
		.socket = get_str(o, "socket"),
		.link = hp_strdup(hp_json_get_str(o, "link")),
		.cgroup = hp_strdup(hp_json_get_str(o, "cgroup")),
		.shim = get_pid(o, "shim"),
		.vmm = get_pid(o, "vmm"),
		.files = get_pid(o, "files"),
		.exited = hp_json_bool(hp_json_get(o, "exited"), false),
		.exit_status = (uint32_t)hp_json_u64(hp_json_get(o, "exitStatus"), 0),
		.exited_at_ns = hp_json_i64(hp_json_get(o, "exitedAt"), 0),
		.hooks_done = hp_json_bool(hp_json_get(o, "hooksDone"), false),
	};
	return 0;
}

int hp_shim_record_read(const char *bundle, struct hp_shim_record *ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(bundle, FILE_NAME);

	return hp_shim_record_read_file(path, ret, err);
}

void hp_shim_record_clear(struct hp_shim_record *r)
{
	free(r->id);
	free(r->ns);
	free(r->socket);
	free(r->link);
	free(r->cgroup);
	*r = (struct hp_shim_record){0};
}

char *hp_shim_record_dir(const char *run_dir)
{
	return hp_path_join(run_dir, "shims");
}

char *hp_shim_record_link(const char *run_dir, const char *ns, const char *id)
{
	AUTO_FREE char *dir = hp_shim_record_dir(run_dir);

	/* Neither name can have a colon. */
	return hp_sprintf("%s/%s:%s", dir, ns, id);
}

int hp_shim_record_publish(const char *bundle, const struct hp_shim_record *r,
			   struct hp_error *err)
{
	AUTO_FREE char *dir = hp_path_dir(r->link);
	AUTO_FREE char *path = hp_path_join(bundle, FILE_NAME);

	if (hp_mkdirs(dir, 0700, err) < 0)
		return -1;
	if (unlink(r->link) < 0 && errno != ENOENT)
		return hp_fail_errno(err, errno, "remove '%s'", r->link);
	if (symlink(path, r->link) < 0)
		return hp_fail_errno(err, errno, "link '%s' to '%s'", r->link, path);
	return 0;
}
