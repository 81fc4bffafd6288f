/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - the server's state, and what one request works on. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files/attr.h"
#include "files/cred.h"
#include "files/data.h"
#include "files/dirs.h"
#include "files/files.h"
#include "files/node.h"
#include "wire/fuse.h"

/* One share, beside what the caller says of it. */
struct hp_files_root {
	const struct hp_files_share *share;
	struct hp_node *node;
	bool read_only;
	bool live; /* its own file system is procfs or the like */
};

/* What requests are answered from. All of it may be used by several threads. */
struct hp_files {
	int proc_fd;
	struct hp_files_root *roots;
	size_t n_roots;
	bool opens; /* OPEN is served: some files must be read anew each time, as in /proc */
	struct hp_nodes nodes;
	struct hp_data_cache cache;
	struct hp_dirs dirs;
	struct hp_devs devs;
};

/* Take on the shares; they are borrowed. */
int hp_files__open(struct hp_files *f, const struct hp_files_share *shares, size_t n,
		   struct hp_error *err) MUST_CHECK;
void hp_files__close(struct hp_files *f);

/* One request and its answer. */
struct hp_files_call {
	struct hp_files *files;
	struct hp_cred *cred;
	const struct hp_fuse_request *r;
	struct hp_node *node; /* of r->node, when the operation asks for it */
	uint8_t *out;         /* the body of the answer */
	size_t room;
	size_t len;
};

/* An operation. Returns: 0 with the body in c->out, or the errno to answer with. */
typedef int hp_files_op_fn(struct hp_files_call *c);

/* Answer @c->r. Returns: as an operation. */
int hp_files__answer(struct hp_files_call *c);
/* May it wait for a disk for long? */
bool hp_files__is_slow(const struct hp_fuse_request *r);

/* Set the answer to @size bytes at @body. */
int hp_files__reply(struct hp_files_call *c, const void *body, size_t size);

const struct hp_files_root *hp_files__root_of(const struct hp_files *f,
					      const struct hp_node *n);
/* For how many seconds the guest may remember what it was told of @n. */
uint64_t hp_files__valid_s(const struct hp_files *f, const struct hp_node *n);

/* Find @name in the directory c->node, or take @fd for it when that is not -1, and count a lookup.
 * Returns: 0, or an errno. */
int hp_files__look(struct hp_files_call *c, const char *name, int take_fd,
		   struct fuse_entry_out *ret);
/* The same, as the answer to the request. */
int hp_files__reply_look(struct hp_files_call *c, const char *name, int take_fd);

/* The operations, by file. */
/* op_look.c */
int hp_files__lookup(struct hp_files_call *c);
int hp_files__forget(struct hp_files_call *c);
int hp_files__batch_forget(struct hp_files_call *c);
int hp_files__init(struct hp_files_call *c);
int hp_files__destroy(struct hp_files_call *c);
/* op_attr.c */
int hp_files__getattr(struct hp_files_call *c);
int hp_files__setattr(struct hp_files_call *c);
int hp_files__readlink(struct hp_files_call *c);
int hp_files__statfs(struct hp_files_call *c);
int hp_files__syncfs(struct hp_files_call *c);
/* op_make.c */
int hp_files__create(struct hp_files_call *c);
int hp_files__tmpfile(struct hp_files_call *c);
int hp_files__mknod(struct hp_files_call *c);
int hp_files__mkdir(struct hp_files_call *c);
int hp_files__symlink(struct hp_files_call *c);
int hp_files__link(struct hp_files_call *c);
/* op_remove.c */
int hp_files__unlink(struct hp_files_call *c);
int hp_files__rmdir(struct hp_files_call *c);
int hp_files__rename(struct hp_files_call *c);
/* op_data.c */
int hp_files__file_open(struct hp_files_call *c);
int hp_files__release(struct hp_files_call *c);
int hp_files__read(struct hp_files_call *c);
int hp_files__write(struct hp_files_call *c);
int hp_files__fsync(struct hp_files_call *c);
int hp_files__fallocate(struct hp_files_call *c);
int hp_files__lseek(struct hp_files_call *c);
int hp_files__copy(struct hp_files_call *c);
/* op_xattr.c */
int hp_files__setxattr(struct hp_files_call *c);
int hp_files__getxattr(struct hp_files_call *c);
int hp_files__listxattr(struct hp_files_call *c);
int hp_files__removexattr(struct hp_files_call *c);
/* op_dir.c */
int hp_files__opendir(struct hp_files_call *c);
int hp_files__readdir(struct hp_files_call *c);
int hp_files__releasedir(struct hp_files_call *c);
int hp_files__fsyncdir(struct hp_files_call *c);
