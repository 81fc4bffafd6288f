/* SPDX-License-Identifier: Apache-2.0 */
/* files-world.h - shares on a scratch directory, and a guest that asks for what it likes. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "files/call.h"
#include "scratch.h"
#include "wire/fuse.h"

#define WORLD_OUT (HP_FUSE_XATTR_MAX + 4096)

struct world {
	char *dir; /* on the host; shared as "rootfs", and its "more" as "1" */
	struct hp_files_share shares[2];
	struct hp_files files;
	struct hp_cred cred;
	uint64_t root; /* the node of "rootfs" */
	uint64_t more; /* the node of "1" */
	uint32_t uid;  /* as whom the guest asks */
	uint32_t gid;
	uint8_t out[WORLD_OUT]; /* the answer's body */
	size_t len;
};

/* What the guest says after the arguments. */
struct world_tail {
	const void *data;
	size_t len;
};

/* One request, through the codec as from the wire. Returns: 0 with w->out filled, or the errno. */
static inline int world_ask(struct world *w, uint32_t opcode, uint64_t node,
			    const struct world_tail *in, const struct world_tail *tail)
{
	size_t len = sizeof(struct fuse_in_header) + in->len + tail->len;
	AUTO_FREE uint8_t *message = hp_alloc(len);
	struct fuse_in_header head = {.len = (uint32_t)len,
				      .opcode = opcode,
				      .unique = 1,
				      .nodeid = node,
				      .uid = w->uid,
				      .gid = w->gid};
	struct hp_fuse_request r;
	struct hp_files_call c = {.files = &w->files,
				  .cred = &w->cred,
				  .r = &r,
				  .out = w->out,
				  .room = sizeof(w->out)};
	int rc;

	memcpy(message, &head, sizeof(head));
	if (in->len > 0)
		memcpy(message + sizeof(head), in->data, in->len);
	if (tail->len > 0)
		memcpy(message + sizeof(head) + in->len, tail->data, tail->len);
	rc = hp_fuse_request_read(HP_BYTES(message, len), &r);
	if (rc == 0)
		rc = hp_files__answer(&c);
	w->len = rc == 0 ? c.len : 0;
	return rc;
}

/* A request with the arguments @in, a structure, and one name or none. */
#define ASK(w, opcode, node, in, name)                                                         \
	world_ask(w, opcode, node, &(struct world_tail){&(in), sizeof(in)},                    \
		  &(struct world_tail){name, strlen(name) + 1})
#define ASK_ARGS(w, opcode, node, in)                                                          \
	world_ask(w, opcode, node, &(struct world_tail){&(in), sizeof(in)},                    \
		  &(struct world_tail){NULL, 0})
#define ASK_NAME(w, opcode, node, name)                                                        \
	world_ask(w, opcode, node, &(struct world_tail){NULL, 0},                              \
		  &(struct world_tail){name, strlen(name) + 1})
#define ASK_NODE(w, opcode, node)                                                              \
	world_ask(w, opcode, node, &(struct world_tail){NULL, 0}, &(struct world_tail){NULL, 0})
/* With arguments, and bytes that a literal holds, its terminating NUL included. */
#define ASK_BYTES(w, opcode, node, in, bytes)                                                  \
	world_ask(w, opcode, node, &(struct world_tail){&(in), sizeof(in)},                    \
		  &(struct world_tail){bytes, sizeof(bytes)})

/* The answer's body as a structure. */
#define ANSWER(w, type)                                                                        \
	(__extension__({                                                                       \
		type answer_;                                                                  \
		assert_true((w)->len >= sizeof(answer_));                                      \
		memcpy(&answer_, (w)->out, sizeof(answer_));                                   \
		answer_;                                                                       \
	}))

/* Look a name up that is there. Returns: its node. */
static inline uint64_t world_look(struct world *w, uint64_t dir, const char *name)
{
	assert_int_equal(ASK_NAME(w, FUSE_LOOKUP, dir, name), 0);
	assert_int_not_equal(ANSWER(w, struct fuse_entry_out).nodeid, 0);
	return ANSWER(w, struct fuse_entry_out).nodeid;
}

static inline void world_forget(struct world *w, uint64_t node, uint64_t times)
{
	struct fuse_forget_in in = {.nlookup = times};

	assert_int_equal(ASK_ARGS(w, FUSE_FORGET, node, in), 0);
}

/* On the host. Owns: the caller. */
static inline char *world_path(const struct world *w, const char *name)
{
	return hp_path_join(w->dir, name);
}

static inline void world_write(const struct world *w, const char *name, const char *text)
{
	free(scratch_file(w->dir, name, text));
}

static inline void world_mkdir(const struct world *w, const char *name)
{
	AUTO_FREE char *path = world_path(w, name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static inline struct stat world_stat(const struct world *w, const char *name)
{
	AUTO_FREE char *path = world_path(w, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static inline bool world_has(const struct world *w, const char *name)
{
	AUTO_FREE char *path = world_path(w, name);

	return scratch_has(path);
}

static inline void world_hold(const struct world *w, const char *name, const char *text)
{
	AUTO_FREE char *path = world_path(w, name);
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_FREE char *seen = NULL;

	hp_buf_init(&buf, 4096);
	assert_int_equal(hp_file_read(path, 4096, &buf, &err), 0);
	seen = hp_buf_take_str(&buf);
	assert_string_equal(seen, text);
}

static inline void world_open(struct world *w)
{
	struct hp_error err = HP_ERROR_INIT;

	if (hp_files__open(&w->files, w->shares, 2, &err) < 0)
		fail_msg("%s", err.msg);
	w->root = world_look(w, FUSE_ROOT_ID, "rootfs");
	w->more = world_look(w, FUSE_ROOT_ID, "1");
}

static inline struct world *world_make(void)
{
	struct world *w = hp_alloc(sizeof(*w));
	AUTO_FREE char *more = NULL;
	int proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	w->dir = scratch_new();
	assert_int_equal(chmod(w->dir, 0755), 0);
	world_mkdir(w, "more");
	more = world_path(w, "more");
	w->shares[0] = (struct hp_files_share){.name = "rootfs",
					       .fd = open(w->dir, O_PATH | O_CLOEXEC)};
	w->shares[1] =
		(struct hp_files_share){.name = "1", .fd = open(more, O_PATH | O_CLOEXEC)};
	/* What a thread of the server is made ready with; the test is one. */
	assert_int_equal(hp_files__cred_init(&w->cred, proc_fd), 0);
	close(proc_fd);
	return w;
}

static inline struct world *world_new(void)
{
	struct world *w = world_make();

	world_open(w);
	return w;
}

static inline void world_free(struct world *w)
{
	hp_files__close(&w->files);
	close(w->shares[0].fd);
	close(w->shares[1].fd);
	assert_int_equal(chdir("/"), 0);
	scratch_free(w->dir);
	free(w);
}
HP_AUTO_PTR(struct world, world_free);
