/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - owns Create: streams, machine, root file system and hooks come each at their own pace;
 * when all are there, the guest is asked to make the container. */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "guest.pb-c.h"
#include "shim/disk.h"
#include "shim/shim.h"

#define GUEST_MS     60000
#define REQUEST_MAX  (4u << 20)
#define CREATE_TOPIC "/tasks/create"
#define CREATE_TYPE  "containerd.events.TaskCreate"

struct hp_shim_create {
	struct hp_shim_pending *call;
	struct hp_shim_packed event; /* to be published when all has gone well */
	bool streams_ready, asked;
	bool on_disk; /* the root is: */
	struct hp_shim_disk disk;
	struct hp_shim_hooks *hooks;
	bool hooks_ready;
};

static void create_free(struct hp_shim *s)
{
	struct hp_shim_create *c = TAKE(s->create);

	hp_shim_hooks_free(c->hooks);
	hp_shim_packed_free(&c->event);
	hp_shim_disk_clear(&c->disk);
	free(c);
}

void hp_shim_create_forget(struct hp_shim *s)
{
	if (!s->create)
		return;
	hp_shim_pending_done(TAKE(s->create->call));
	create_free(s);
}

void hp_shim_create_fail(struct hp_shim *s, const struct hp_error *why)
{
	struct hp_shim_pending *call = TAKE(s->create->call);
	struct hp_error cause = *why;

	/* Containers are what is not found, for those who read codes. */
	if (cause.code == HP_ENOTFOUND)
		cause.code = HP_EFAILED;
	hp_shim_log(s->log, HP_LOG_ERROR, "create: %s", cause.msg);
	create_free(s);
	hp_shim_task_gone(s);
	hp_shim_rootfs_free(TAKE(s->rootfs));
	s->record.files = (struct hp_shim_pid){0};
	hp_shim_save(s);
	if (s->box_why.code == HP_OK)
		s->box_why = cause;
	/* Half made, it is of no use to another Create. */
	if (s->box)
		hp_shim_box_kill(s->box);
	hp_shim_pending_refuse(call, &cause);
}

static struct hp_shim_packed make_event(struct hp_shim *s, const Hp__Shim__CreateTaskRequest *r)
{
	Hp__Shim__TaskCreate event = HP__SHIM__TASK_CREATE__INIT;
	Hp__Shim__TaskIO io = HP__SHIM__TASK_IO__INIT;

	io.stdin = r->stdin;
	io.stdout = r->stdout;
	io.stderr = r->stderr;
	io.terminal = r->terminal;
	event.container_id = s->id;
	event.bundle = r->bundle;
	event.n_rootfs = r->n_rootfs;
	event.rootfs = r->rootfs;
	event.io = &io;
	event.checkpoint = r->checkpoint;
	event.pid = hp_shim_task_pid(s);
	return hp_shim_pack(&event.base);
}

/* The guest knows a disk by its number only. */
static void refuse(struct hp_shim *s, const struct hp_error *why)
{
	struct hp_error cause = s->box_why.code != HP_OK ? s->box_why : *why;

	if (s->create->on_disk)
		hp_wrap(&cause, "rootfs '%.200s'", s->create->disk.source);
	hp_shim_create_fail(s, &cause);
}

static void on_created(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_shim *s = data;
	Hp__Shim__PidResponse reply = HP__SHIM__PID_RESPONSE__INIT;
	struct hp_shim_pending *call;

	(void)payload;
	/* It may have been given up meanwhile. */
	if (!s->create)
		return;
	if (why) {
		refuse(s, why);
		return;
	}
	s->times.created = hp_clock_ns();
	s->first->stage = HP_SHIM_CREATED;
	hp_shim_events_publish_packed(s->events, CREATE_TOPIC, CREATE_TYPE,
				      s->create->event.bytes);
	reply.pid = hp_shim_task_pid(s);
	call = TAKE(s->create->call);
	create_free(s);
	hp_shim_pending_reply(call, &reply.base);
}

static int ask_guest(struct hp_shim *s, struct hp_error *err)
{
	struct hp_shim_streams streams = hp_shim_streams_of(s->first);
	AUTO(hp_buf_free) struct hp_buf packed = {0};

	hp_buf_init(&packed, REQUEST_MAX);
	if (hp_shim_spec_create(s->spec, s->id, &streams,
				s->create->on_disk ? &s->create->disk.block : NULL, &packed,
				err) < 0)
		return -1;
	if (hp_shim_stdio_attach(s->first->io, hp_shim_box_mux(s->box), s->first->number, err) <
	    0)
		return -1;
	hp_shim_guest_call(hp_shim_box_guest(s->box), "Create", hp_buf_bytes(&packed), GUEST_MS,
			   on_created, s);
	return 0;
}

/* One of what it waits for is there, or cannot be had. */
static void take_ready(struct hp_shim *s, const struct hp_error *why, bool *ret_ready)
{
	if (why) {
		hp_shim_create_fail(s, why);
		return;
	}
	*ret_ready = true;
	hp_shim_create_step(s);
}

static void on_hooks(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	take_ready(s, why, &s->create->hooks_ready);
}

/* Hooks see a container that has its namespaces and not yet a program. */
static void run_hooks(struct hp_shim *s)
{
	static const enum hp_shim_hook_kind kinds[] = {HP_SHIM_HOOK_PRESTART,
						       HP_SHIM_HOOK_CREATE_RUNTIME};
	const struct hp_shim_hooks_spec spec = {.spec = s->spec,
						.kinds = kinds,
						.n_kinds = HP_ARRAY_LEN(kinds),
						.id = s->id,
						.bundle = s->bundle,
						.status = "creating",
						.pid = hp_shim_task_pid(s)};

	/* From now on there is something that poststop has to undo. */
	s->record.hooks_done = false;
	hp_shim_save(s);
	s->create->hooks = hp_shim_hooks_run(s->loop, &spec, on_hooks, s);
}

void hp_shim_create_step(struct hp_shim *s)
{
	struct hp_shim_create *c = s->create;
	struct hp_error err = HP_ERROR_INIT;

	if (!c || c->asked)
		return;
	if (s->rootfs_ready && !c->hooks) {
		s->times.rootfs = hp_clock_ns();
		run_hooks(s);
		return;
	}
	if (!c->streams_ready || !c->hooks_ready || !s->guest_ready)
		return;
	c->asked = true;
	if (ask_guest(s, &err) < 0)
		hp_shim_create_fail(s, &err);
}

static void on_streams(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	if (s->create)
		take_ready(s, why, &s->create->streams_ready);
}

static void on_rootfs_ready(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	if (s->create)
		take_ready(s, why, &s->rootfs_ready);
}

static void on_rootfs_end(void *data, const struct hp_error *why)
{
	struct hp_shim *s = data;

	/* Without a reason it is the machine that has closed its port: it is ending, and says why. */
	if (!why)
		return;
	if (s->first && !s->first->exited)
		hp_shim_log(s->log, HP_LOG_ERROR, "%s", why->msg);
	/* A container without its files cannot go on. */
	if (s->box)
		hp_shim_box_kill(s->box);
}

/* A machine runs already, since most containers need no disk. */
static int take_disk(struct hp_shim *s, const struct hp_shim_rootfs_spec *spec,
		     struct hp_error *err)
{
	struct hp_shim_create *c = s->create;
	int rc = hp_shim_disk_open(spec->mounts, spec->n_mounts, &c->disk, err);

	if (rc <= 0)
		return rc;
	c->on_disk = true;
	rc = hp_shim_box_give_disk(s->box, &c->disk.disk, err);
	if (rc > 0) {
		s->guest_ready = false;
		s->record.vmm = (struct hp_shim_pid){0};
	}
	return rc < 0 ? -1 : 0;
}

/* @spec has the mounts. */
static int serve_rootfs(struct hp_shim *s, struct hp_shim_rootfs_spec *spec,
			struct hp_error *err)
{
	static const struct hp_shim_rootfs_events events = {.on_ready = on_rootfs_ready,
							    .on_end = on_rootfs_end};
	AUTO_CLOSE int files_fd = -1;

	if (take_disk(s, spec, err) < 0)
		return -1;
	files_fd = hp_shim_box_take_files(s->box);
	spec->bundle = s->bundle;
	spec->root = hp_shim_spec_root(s->spec);
	spec->on_disk = s->create->on_disk;
	spec->netns =
		s->network ? hp_shim_network_path(s->network) : hp_shim_spec_netns(s->spec);
	spec->files_fd = files_fd;
	spec->shares = hp_shim_spec_shares(s->spec, &spec->n_shares);
	return hp_shim_rootfs_serve(s->loop, spec, &events, s, &s->rootfs, err);
}

static int serve_mounts(struct hp_shim *s, const Hp__Shim__CreateTaskRequest *r,
			struct hp_error *err)
{
	AUTO_FREE struct hp_shim_mount *mounts = hp_alloc_array(r->n_rootfs, sizeof(*mounts));
	AUTO_FREE struct hp_strv *options = hp_alloc_array(r->n_rootfs, sizeof(*options));
	struct hp_shim_rootfs_spec spec = {.mounts = mounts, .n_mounts = r->n_rootfs};
	int rc;

	for (size_t i = 0; i < r->n_rootfs; i++) {
		for (size_t k = 0; k < r->rootfs[i]->n_options; k++)
			hp_strv_add(&options[i], r->rootfs[i]->options[k]);
		mounts[i] = (struct hp_shim_mount){.type = r->rootfs[i]->type,
						   .source = r->rootfs[i]->source,
						   .target = r->rootfs[i]->target,
						   .options = hp_strv_view(&options[i])};
	}
	rc = serve_rootfs(s, &spec, err);
	for (size_t i = 0; i < r->n_rootfs; i++)
		hp_strv_free(&options[i]);
	return rc;
}

/* Is there anything that speaks against it, before anything is made? */
static int check(struct hp_shim *s, const Hp__Shim__CreateTaskRequest *r, struct hp_error *err)
{
	if (s->first)
		return hp_fail(err, HP_EEXISTS, "task '%s' already exists", s->id);
	if (!hp_str_eq(r->id, s->id))
		return hp_fail(err, HP_EINVALID,
			       "this shim was started for container '%s', not for '%s'", s->id,
			       r->id);
	if (!hp_str_empty(r->checkpoint))
		return hp_fail(err, HP_EUNSUPPORTED,
			       "container '%s': restoring a checkpoint is not supported",
			       s->id);
	if (s->spec_why.code != HP_OK)
		return hp_fail(err, s->spec_why.code, "%s", s->spec_why.msg);
	if (s->box_why.code != HP_OK)
		return hp_fail(err, s->box_why.code, "%s", s->box_why.msg);
	return 0;
}

static int begin(struct hp_shim *s, const Hp__Shim__CreateTaskRequest *r, struct hp_error *err)
{
	if (hp_shim_process_open(s->first, err) < 0)
		return -1;
	hp_shim_stdio_when_ready(s->first->io, on_streams, s);
	if (serve_mounts(s, r, err) < 0)
		return -1;
	s->first->pid = (uint32_t)hp_shim_rootfs_pid(s->rootfs);
	s->record.files = hp_shim_pid_of(hp_shim_rootfs_pid(s->rootfs));
	s->create->event = make_event(s, r);
	hp_shim_save(s);
	return 0;
}

/* A daemon that has gone would find a container later that it has said does not exist: State told it
 * so while this was under way, and its client has gone on. */
static void on_gone(void *data, uint32_t events)
{
	struct hp_shim *s = data;
	struct hp_error why = HP_ERROR_INIT;

	(void)events;
	if (!s->create)
		return;
	hp_fail(&why, HP_ECANCELED, "container '%s': whoever asked for it has gone", s->id);
	hp_shim_create_fail(s, &why);
	s->finish(s->finish_data);
}

void hp_shim_on_create(struct hp_shim *s, struct hp_ttrpc_call *call,
		       const ProtobufCMessage *request)
{
	const Hp__Shim__CreateTaskRequest *r = (const void *)request;
	struct hp_error err = HP_ERROR_INIT;

	s->times.create = hp_clock_ns();
	if (check(s, r, &err) < 0) {
		if (err.code == HP_ENOTFOUND)
			err.code = HP_EFAILED;
		hp_ttrpc_refuse(call, &err);
		return;
	}
	hp_shim_process_new(s, "");
	hp_shim_process_streams(s->first, r->stdin, r->stdout, r->stderr, r->terminal);
	s->create = hp_alloc(sizeof(*s->create));
	s->create->disk = (struct hp_shim_disk)HP_SHIM_DISK_INIT;
	s->create->call = hp_shim_pending_new(call);
	hp_shim_pending_on_gone(s->create->call, on_gone, s);
	if (begin(s, r, &err) < 0)
		hp_shim_create_fail(s, &err);
}
