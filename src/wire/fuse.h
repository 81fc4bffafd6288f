/* SPDX-License-Identifier: Apache-2.0 */
/* fuse.h - the FUSE protocol between a guest's kernel and a file server; no I/O happens here.
 * Requests are decoded with every length, count and name checked, as the guest is hostile.
 * From: Linux include/uapi/linux/fuse.h for every layout and number, protocol 7.38 unless said. */
#pragma once
#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* The most bytes of a file in one message. From: Linux fs/fuse/fuse_i.h, FUSE_MAX_MAX_PAGES: 256
 * pages are the most that a kernel sends or takes. */
#define HP_FUSE_DATA_MAX    (1024 * 1024)
/* The largest message either way; who reads /dev/fuse must have a buffer of this size.
 * From: Linux fs/fuse/dev.c, fuse_dev_do_read(): at least headers and max_write. */
#define HP_FUSE_MESSAGE_MAX (HP_FUSE_DATA_MAX + 4096)
/* From: Linux include/uapi/linux/limits.h, XATTR_SIZE_MAX and XATTR_LIST_MAX. */
#define HP_FUSE_XATTR_MAX   (64 * 1024)
/* From: Linux include/uapi/linux/limits.h, NAME_MAX and XATTR_NAME_MAX. */
#define HP_FUSE_NAME_MAX    255

/* One request. Which members hold something is the opcode's matter. */
struct hp_fuse_request {
	uint32_t opcode;
	uint64_t unique;
	uint64_t node;
	uint32_t uid;
	uint32_t gid;
	const char *name;     /* one component, or an attribute's name; borrowed, terminated */
	const char *name2;    /* of RENAME and RENAME2 the new one, of SYMLINK the target */
	struct hp_bytes data; /* of WRITE and SETXATTR; borrowed */
	/* The nodes of BATCH_FORGET, data.len / sizeof(struct fuse_forget_one) of them, are in data
	 * too: hp_fuse_forget_at() reads one. */
	union {
		struct fuse_forget_in forget;
		struct fuse_getattr_in getattr;
		struct fuse_setattr_in setattr;
		struct fuse_mknod_in mknod;
		struct fuse_mkdir_in mkdir;
		struct fuse_rename2_in rename; /* of RENAME with no flags */
		struct fuse_link_in link;
		struct fuse_open_in open;
		struct fuse_create_in create; /* of TMPFILE too */
		struct fuse_release_in release;
		struct fuse_read_in read; /* of READDIR and READDIRPLUS too */
		struct fuse_write_in write;
		struct fuse_fsync_in fsync;
		struct fuse_setxattr_in setxattr;
		struct fuse_getxattr_in getxattr; /* of LISTXATTR too */
		struct fuse_init_in init;         /* what an older kernel does not send is 0 */
		struct fuse_fallocate_in fallocate;
		struct fuse_lseek_in lseek;
		struct fuse_copy_file_range_in copy;
		struct fuse_batch_forget_in forgets;
	} in;
};

/* How many bytes the message at the front of @in takes up, whether or not they are there yet.
 * Returns: 1, or 0 when @in is too short to tell, or -1.
 * Fails: HP_EPROTO - no request is that short or that long; what follows cannot be found. */
int hp_fuse_message_len(struct hp_bytes in, size_t *ret_len, struct hp_error *err) MUST_CHECK;

/* Decode one whole message, of at least a header.
 * ret: its opcode, unique, node and owner are written in any case, as an answer needs them; the
 * rest borrows from @message.
 * Returns: 0, or the errno to answer with: EINVAL - a length, count or name that no kernel sends;
 * ENAMETOOLONG, ERANGE of an attribute; ENOSYS - an opcode that is not served. */
int hp_fuse_request_read(struct hp_bytes message, struct hp_fuse_request *ret) MUST_CHECK;
struct fuse_forget_one hp_fuse_forget_at(struct hp_bytes forgets, size_t i);
/* Is it one of the requests that get no answer? */
bool hp_fuse_is_silent(uint32_t opcode);

/* What INIT is answered with: the flags of ours that the kernel has too.
 * Returns: 0, or EPROTO for a kernel that lacks one we depend on (before Linux 5.14). */
int hp_fuse_init_answer(const struct fuse_init_in *in, struct fuse_init_out *ret) MUST_CHECK;

/* The header of an answer with @len bytes after it, or of one that says @error, an errno. */
struct fuse_out_header hp_fuse_answer(uint64_t unique, int error, size_t len);

/* Append one directory entry at @to, which has @room bytes.
 * entry: of READDIRPLUS; NULL for READDIR.
 * Returns: bytes used, 0 when it does not fit. */
size_t hp_fuse_dirent_put(uint8_t *to, size_t room, const struct fuse_dirent *head,
			  const char *name, const struct fuse_entry_out *entry);

/* Device numbers as the protocol has them. From: Linux include/linux/kdev_t.h, new_encode_dev(). */
uint32_t hp_fuse_dev_encode(unsigned major, unsigned minor);
void hp_fuse_dev_decode(uint32_t dev, unsigned *ret_major, unsigned *ret_minor);
