/* SPDX-License-Identifier: Apache-2.0 */
/* box.c - put containers together, and have them made. */
#include "box.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#define ALL_CAPS 0xa80425fbull /* what docker gives */

static char *const env[] = {(char *)"PATH=/bin:/sbin", (char *)"TERM=dumb"};

Hp__Guest__Mount *box_mount(struct box *b, const char *destination, const char *type,
			    const char *source)
{
	size_t n = b->container.n_mounts++;
	Hp__Guest__Mount *m = &b->mounts[n];

	assert_true(n < BOX_MOUNTS);
	hp__guest__mount__init(m);
	m->destination = (char *)destination;
	m->type = (char *)type;
	m->source = (char *)source;
	b->mount_list[n] = m;
	return m;
}

void box_process(struct box *b, const char *script, Hp__Guest__Process *ret, char *args[4])
{
	hp__guest__process__init(ret);
	args[0] = (char *)"/bin/sh";
	args[1] = (char *)"-c";
	args[2] = (char *)script;
	ret->args = args;
	ret->n_args = 3;
	ret->env = (char **)env;
	ret->n_env = HP_ARRAY_LEN(env);
	ret->cwd = (char *)"/";
	ret->capabilities = &b->caps;
	ret->stdin = ret->stdout = ret->stderr = true;
}

void box_init(struct box *b, const char *script)
{
	*b = (struct box){0};
	hp__guest__create_request__init(&b->request);
	hp__guest__container__init(&b->container);
	hp__guest__capabilities__init(&b->caps);
	b->request.container = &b->container;
	b->container.id = (char *)"box";
	b->container.hostname = (char *)"boxed";
	b->container.rootfs = (char *)"rootfs";
	b->container.process = &b->process;
	b->container.mounts = b->mount_list;
	b->container.pid_namespace = b->container.ipc_namespace = true;
	b->container.uts_namespace = b->container.cgroup_namespace = true;
	b->caps.bounding = b->caps.permitted = b->caps.effective = ALL_CAPS;
	box_process(b, script, &b->process, b->args);
	box_mount(b, "/proc", "proc", "proc")->flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	box_mount(b, "/dev", "tmpfs", "tmpfs")->data = (char *)"mode=755,size=65536k";
	box_mount(b, "/dev/pts", "devpts", "devpts")->data =
		(char *)"newinstance,ptmxmode=0666,mode=0620,gid=5";
}

static void call(struct world *w, const char *method, const ProtobufCMessage *request,
		 const ProtobufCMessageDescriptor *response)
{
	struct hp_error err = HP_ERROR_INIT;
	ProtobufCMessage *m = world_call(w, method, request, response, &err);

	if (!m)
		fail_msg("%s: %s", method, err.msg);
	protobuf_c_message_free_unpacked(m, NULL);
}

void box_create(struct world *w, struct box *b)
{
	world_streams(w, 0);
	call(w, "Create", &b->request.base, &hp__guest__create_response__descriptor);
}

void box_start(struct world *w)
{
	Hp__Guest__StartRequest request = HP__GUEST__START_REQUEST__INIT;

	call(w, "Start", &request.base, &hp__guest__start_response__descriptor);
}

void box_run(struct world *w, struct box *b)
{
	box_create(w, b);
	box_start(w);
}

void box_refused(struct world *w, const char *method, const ProtobufCMessage *request,
		 enum hp_code code, const char *words)
{
	struct hp_error err = HP_ERROR_INIT;
	void *m = world_call(w, method, request, &hp__guest__start_response__descriptor, &err);

	assert_null(m);
	if (fnmatch(words, err.msg, 0) != 0)
		assert_string_equal(err.msg, words);
	assert_string_equal(hp_code_name(err.code), hp_code_name(code));
}

void box_exec(struct world *w, uint32_t number, Hp__Guest__Process *p)
{
	Hp__Guest__ExecRequest request = HP__GUEST__EXEC_REQUEST__INIT;

	request.number = number;
	request.process = p;
	world_streams(w, number);
	call(w, "Exec", &request.base, &hp__guest__exec_response__descriptor);
}

void box_signal(struct world *w, uint32_t number, uint32_t signal, bool all)
{
	Hp__Guest__SignalRequest request = HP__GUEST__SIGNAL_REQUEST__INIT;

	request.number = number;
	request.signal = signal;
	request.all = all;
	call(w, "Signal", &request.base, &hp__guest__signal_response__descriptor);
}
