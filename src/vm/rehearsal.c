/* SPDX-License-Identifier: Apache-2.0 */
/* rehearsal.c - owns what is rehearsed, and the calls for it. */
#include "vm/rehearsal.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "guest.pb-c.h"

#define SERVICE      "harpoon.guest.v1.Guest"
/* From: src/vm/initramfs.c. What it says is of no interest. */
#define PROGRAM      "/init"
/* From: capability(7), those of docker's containers. */
#define CAPABILITIES 0xa80425fbull

#define MOUNT(at, kind, bits, options)                                                         \
	{                                                                                      \
		PROTOBUF_C_MESSAGE_INIT(&hp__guest__mount__descriptor),                        \
			.destination = (char *)(at), .type = (char *)(kind),                   \
			.source = (char *)"", .flags = (bits), .data = (char *)(options)       \
	}

/* As in the specs of containerd's clients. */
static const Hp__Guest__Mount mounts[] = {
	MOUNT("/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""),
	MOUNT("/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"),
	MOUNT("/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	      "newinstance,ptmxmode=0666,mode=0620,gid=5"),
	MOUNT("/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=65536k"),
	MOUNT("/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""),
	MOUNT("/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, ""),
	MOUNT("/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, ""),
	MOUNT("/run", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"),
};

static const char *const masked[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
				     "/sys/firmware"};
static const char *const read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger"};

/* A filter that allows all, but has to be checked, compiled and run as any. */
static const struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ~0u, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

unsigned char *hp_rehearsal_create(size_t *ret_len)
{
	Hp__Guest__CreateRequest request = HP__GUEST__CREATE_REQUEST__INIT;
	Hp__Guest__Container c = HP__GUEST__CONTAINER__INIT;
	Hp__Guest__Process p = HP__GUEST__PROCESS__INIT;
	Hp__Guest__Capabilities caps = HP__GUEST__CAPABILITIES__INIT;
	char *args[] = {(char *)PROGRAM, (char *)"--help"};
	char *env[] = {(char *)"PATH=/bin"};
	Hp__Guest__Mount *all[HP_ARRAY_LEN(mounts)];
	unsigned char *packed;

	for (size_t i = 0; i < HP_ARRAY_LEN(mounts); i++)
		all[i] = (Hp__Guest__Mount *)(uintptr_t)&mounts[i];
	caps.bounding = caps.effective = caps.permitted = CAPABILITIES;
	p.args = args;
	p.n_args = HP_ARRAY_LEN(args);
	p.env = env;
	p.n_env = HP_ARRAY_LEN(env);
	p.cwd = (char *)"/";
	p.capabilities = &caps;
	c.id = c.hostname = (char *)"rehearsal";
	c.rehearsal = 1;
	c.process = &p;
	c.mounts = all;
	c.n_mounts = HP_ARRAY_LEN(all);
	c.masked_paths = (char **)(uintptr_t)masked;
	c.n_masked_paths = HP_ARRAY_LEN(masked);
	c.readonly_paths = (char **)(uintptr_t)read_only;
	c.n_readonly_paths = HP_ARRAY_LEN(read_only);
	c.seccomp.data = (uint8_t *)(uintptr_t)filter;
	c.seccomp.len = sizeof(filter);
	c.pid_namespace = c.ipc_namespace = c.uts_namespace = c.cgroup_namespace = 1;
	request.container = &c;
	*ret_len = protobuf_c_message_get_packed_size(&request.base);
	packed = hp_alloc(*ret_len);
	protobuf_c_message_pack(&request.base, packed);
	return packed;
}

static void call(struct hp_rehearsal *r, const char *method, struct hp_bytes payload,
		 hp_ttrpc_done_fn fn)
{
	const struct hp_ttrpc_outgoing o = {
		.service = SERVICE, .method = method, .payload = payload};

	hp_ttrpc_call(r->guest, &o, fn, r);
}

static void begin_round(struct hp_rehearsal *r);

static void on_news(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_rehearsal *r = data;
	struct hp_error broken = HP_ERROR_INIT;
	Hp__Guest__WatchResponse *news =
		why ? NULL : hp__guest__watch_response__unpack(NULL, payload.len, payload.data);
	const size_t exits = news ? news->n_exits : 0;

	if (!news) {
		if (!why)
			hp_fail(&broken, HP_EPROTO, "the guest's news are none");
		r->done(r->data, why ? why : &broken);
		return;
	}
	hp__guest__watch_response__free_unpacked(news, NULL);
	if (exits == 0)
		call(r, "Watch", HP_BYTES(NULL, 0), on_news);
	else if (--r->rounds > 0)
		begin_round(r);
	else
		r->done(r->data, NULL);
}

static void on_started(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_rehearsal *r = data;

	(void)payload;
	if (why)
		r->done(r->data, why);
	else
		call(r, "Watch", HP_BYTES(NULL, 0), on_news);
}

static void on_created(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_rehearsal *r = data;

	(void)payload;
	if (why)
		r->done(r->data, why);
	else
		call(r, "Start", HP_BYTES(NULL, 0), on_started);
}

static void begin_round(struct hp_rehearsal *r)
{
	size_t len;
	AUTO_FREE unsigned char *request = hp_rehearsal_create(&len);

	call(r, "Create", HP_BYTES(request, len), on_created);
}

static void on_hello(void *data, struct hp_bytes payload, const struct hp_error *why)
{
	struct hp_rehearsal *r = data;

	(void)payload;
	if (why)
		r->done(r->data, why);
	else
		begin_round(r);
}

void hp_rehearse(struct hp_rehearsal *r)
{
	/* HelloRequest with version 1 and settled. From: proto/guest.proto. */
	static const uint8_t hello[] = {0x08, 0x01, 0x10, 0x01};

	call(r, "Hello", HP_BYTES(hello, sizeof(hello)), on_hello);
}
