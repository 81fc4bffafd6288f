/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - owns the way from a run directory to the shims, and questions to them. */
#include "shim/client.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "net/ttrpc_client.h"
#include "shim.pb-c.h"
#include "shim/client_parts.h"
#include "shim/record.h"

#define REPLY_MAX (4u << 20)
#define ASK_MS    5000

void hp_shim_list_clear(struct hp_shim_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].id);
		free(l->items[i].ns);
		free(l->items[i].socket);
	}
	free(l->items);
	*l = (struct hp_shim_list){0};
}

static void add(struct hp_shim_list *l, const char *path)
{
	AUTO(hp_shim_record_clear) struct hp_shim_record r = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_shim_record_read_file(path, &r, &ignored) < 0 || !hp_shim_pid_alive(r.shim)) {
		unlink(path);
		return;
	}
	l->items = hp_realloc_array(l->items, l->count + 1, sizeof(*l->items));
	l->items[l->count++] = (struct hp_shim_found){
		.id = TAKE(r.id), .ns = TAKE(r.ns), .socket = TAKE(r.socket)};
}

static int compare(const void *a, const void *b)
{
	const struct hp_shim_found *x = a;
	const struct hp_shim_found *y = b;
	int order = strcmp(x->ns, y->ns);

	return order ? order : strcmp(x->id, y->id);
}

int hp_shim_list_read(const char *run_dir, struct hp_shim_list *ret, struct hp_error *err)
{
	AUTO_FREE char *path = hp_shim_record_dir(run_dir);
	struct hp_shim_list l = {0};
	DIR *dir = opendir(path);
	const struct dirent *e;

	if (!dir && errno != ENOENT)
		return hp_fail_errno(err, errno, "open '%s'", path);
	while (dir && (e = readdir(dir))) {
		AUTO_FREE char *link = hp_path_join(path, e->d_name);

		/* Names have a colon between namespace and id. */
		if (strchr(e->d_name, ':'))
			add(&l, link);
	}
	if (dir)
		closedir(dir);
	if (l.count > 0)
		qsort(l.items, l.count, sizeof(*l.items), compare);
	*ret = l;
	return 0;
}

int hp_shim_list_find(const struct hp_shim_list *l, const char *ns, const char *id,
		      const struct hp_shim_found **ret, struct hp_error *err)
{
	const struct hp_shim_found *exact = NULL;
	const struct hp_shim_found *near = NULL;
	size_t n_exact = 0;
	size_t n_near = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct hp_shim_found *f = &l->items[i];

		if ((ns && !hp_str_eq(f->ns, ns)) || !hp_str_starts(f->id, id))
			continue;
		near = f;
		n_near++;
		if (hp_str_eq(f->id, id)) {
			exact = f;
			n_exact++;
		}
	}
	if (n_exact > 1 || (n_exact == 0 && n_near > 1))
		return hp_fail(err, HP_EINVALID,
			       "'%s' is more than one container in a machine; see 'harpoon vm "
			       "ls', and name its namespace with --namespace",
			       id);
	if (n_near == 0)
		return hp_fail(err, HP_ENOTFOUND,
			       "no container '%s' runs in a machine of its own", id);
	*ret = exact ? exact : near;
	return 0;
}

/* An answer that is waited for. */
struct answer {
	struct hp_loop *loop;
	struct hp_buf *reply;
	struct hp_error *err;
	int rc;
};

static void on_answer(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct answer *a = data;

	if (why)
		a->rc = hp_fail(a->err, why->code, "%s", why->msg);
	else
		a->rc = hp_buf_add(a->reply, payload.data, payload.len, a->err);
	hp_loop_stop(a->loop);
}

int hp_shim__ask(const struct hp_shim__ask *ask, struct hp_buf *ret_reply, struct hp_error *err)
{
	AUTO(hp_loop_free) struct hp_loop *loop = NULL;
	AUTO(hp_ttrpc_client_free) struct hp_ttrpc_client *client = NULL;
	AUTO(hp_shim_packed_free) struct hp_shim_packed packed = hp_shim_pack(ask->request);
	struct answer answer = {.reply = ret_reply, .err = err};
	const struct hp_ttrpc_outgoing o = {.service = ask->service,
					    .method = ask->method,
					    .payload = packed.bytes,
					    .timeout_ms = ask->timeout_ms};
	int rc;
	int fd;

	hp_buf_init(ret_reply, REPLY_MAX);
	if (hp_unix_connect(ask->socket, &fd, err) < 0)
		return hp_wrap(err, "the shim");
	if (hp_loop_new(&loop, err) < 0) {
		close(fd);
		return -1;
	}
	if (hp_ttrpc_client_new(loop, fd, NULL, NULL, &client, err) < 0)
		return -1;
	answer.loop = loop;
	hp_ttrpc_call(client, &o, on_answer, &answer);
	rc = hp_loop_run(loop, err);
	/* What is left in the loop goes before it. */
	hp_ttrpc_client_free(TAKE(client));
	return rc < 0 ? -1 : answer.rc;
}

static int ask_debug(const char *socket, const char *method,
		     const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret,
		     struct hp_error *err)
{
	Hp__Empty empty = HP__EMPTY__INIT;
	AUTO(hp_buf_free) struct hp_buf reply = {0};
	const struct hp_shim__ask ask = {.socket = socket,
					 .service = HP_SHIM__DEBUG,
					 .method = method,
					 .request = &empty.base,
					 .timeout_ms = ASK_MS};

	if (hp_shim__ask(&ask, &reply, err) < 0)
		return -1;
	return hp_shim_unpack(type, hp_buf_bytes(&reply), ret, err);
}

static const char *status_name(Hp__Shim__Status status)
{
	static const char *const names[] = {"unknown", "created", "running",
					    "stopped", "paused",  "pausing"};

	return (size_t)status < HP_ARRAY_LEN(names) ? names[status] : names[0];
}

static struct hp_json *make_json(const Hp__Shim__InfoResponse *info)
{
	struct hp_json *o = hp_json_object();
	struct hp_json *phases = hp_json_array();

	hp_json_set_str(o, "id", info->id);
	hp_json_set_str(o, "namespace", info->namespace_);
	hp_json_set_str(o, "status", status_name(info->status));
	hp_json_set_str(o, "origin", info->origin);
	hp_json_set_str(o, "accel", info->accel);
	hp_json_set_str(o, "kernel", info->kernel);
	hp_json_set_u64(o, "memory", info->memory_bytes);
	hp_json_set_u64(o, "cpus", info->cpus);
	hp_json_set_u64(o, "shimPid", info->shim_pid);
	hp_json_set_u64(o, "vmmPid", info->vmm_pid);
	hp_json_set_u64(o, "filesPid", info->files_pid);
	hp_json_set_str(o, "trouble", info->trouble);
	for (size_t i = 0; i < info->n_phases; i++) {
		struct hp_json *phase = hp_json_object();

		hp_json_set_str(phase, "name", info->phases[i]->name);
		hp_json_set_i64(phase, "ns", info->phases[i]->ns);
		hp_json_add(phases, phase);
	}
	hp_json_set(o, "phases", phases);
	return o;
}

int hp_shim_ask_info(const char *socket, struct hp_json **ret, struct hp_error *err)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;

	if (ask_debug(socket, "Info", &hp__shim__info_response__descriptor, &m, err) < 0)
		return -1;
	*ret = make_json((const Hp__Shim__InfoResponse *)(const void *)m);
	return 0;
}

int hp_shim_ask_text(const char *socket, bool log, struct hp_buf *ret, struct hp_error *err)
{
	AUTO(hp_shim_msg_free) ProtobufCMessage *m = NULL;
	const Hp__Shim__TextResponse *text;

	if (ask_debug(socket, log ? "KernelLog" : "Console",
		      &hp__shim__text_response__descriptor, &m, err) < 0)
		return -1;
	text = (const Hp__Shim__TextResponse *)(const void *)m;
	hp_buf_init(ret, REPLY_MAX);
	return hp_buf_add(ret, text->text.data, text->text.len, err);
}
