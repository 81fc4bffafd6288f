/* SPDX-License-Identifier: Apache-2.0 */
/* fuse.c - read FUSE requests out of bytes that nobody has checked, and write answers. */
#include "wire/fuse.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* From: Linux fs/fuse/fuse_i.h: the kernel sends targets of up to PATH_MAX - 1 bytes. */
#define TARGET_MAX 4095

/* What follows the fixed arguments of a request. */
enum tail {
	TAIL_NONE,
	TAIL_NAME,     /* one component */
	TAIL_NAMES,    /* two components */
	TAIL_SYMLINK,  /* a component and the text of a link */
	TAIL_IGNORED,  /* a text that means nothing */
	TAIL_XATTR,    /* an attribute's name */
	TAIL_SETXATTR, /* an attribute's name and value */
	TAIL_WRITE,
	TAIL_FORGETS,
	TAIL_INIT,    /* newer kernels send more than older ones */
	TAIL_REFUSED, /* known, not served, whatever it holds */
};

struct shape {
	bool known;
	uint8_t size; /* of the fixed arguments */
	enum tail tail;
};

/* From: Linux fs/fuse/{dir,file,inode,readdir,xattr}.c, the in_args of each request. The layout of
 * SETXATTR is the one of FUSE_SETXATTR_EXT, without which no INIT succeeds. The kernel is not
 * offered locks, so it keeps them to itself, nor IOCTL, POLL, BMAP and mappings. Permissions are
 * its own matter too (FUSE_POSIX_ACL), so that ACCESS has nothing to tell. */
static const struct shape shapes[] = {
	[FUSE_LOOKUP] = {true, 0, TAIL_NAME},
	[FUSE_FORGET] = {true, sizeof(struct fuse_forget_in), TAIL_NONE},
	[FUSE_GETATTR] = {true, sizeof(struct fuse_getattr_in), TAIL_NONE},
	[FUSE_SETATTR] = {true, sizeof(struct fuse_setattr_in), TAIL_NONE},
	[FUSE_READLINK] = {true, 0, TAIL_NONE},
	[FUSE_SYMLINK] = {true, 0, TAIL_SYMLINK},
	[FUSE_MKNOD] = {true, sizeof(struct fuse_mknod_in), TAIL_NAME},
	[FUSE_MKDIR] = {true, sizeof(struct fuse_mkdir_in), TAIL_NAME},
	[FUSE_UNLINK] = {true, 0, TAIL_NAME},
	[FUSE_RMDIR] = {true, 0, TAIL_NAME},
	[FUSE_RENAME] = {true, sizeof(struct fuse_rename_in), TAIL_NAMES},
	[FUSE_LINK] = {true, sizeof(struct fuse_link_in), TAIL_NAME},
	[FUSE_OPEN] = {true, sizeof(struct fuse_open_in), TAIL_NONE},
	[FUSE_READ] = {true, sizeof(struct fuse_read_in), TAIL_NONE},
	[FUSE_WRITE] = {true, sizeof(struct fuse_write_in), TAIL_WRITE},
	[FUSE_STATFS] = {true, 0, TAIL_NONE},
	[FUSE_RELEASE] = {true, sizeof(struct fuse_release_in), TAIL_NONE},
	[FUSE_FSYNC] = {true, sizeof(struct fuse_fsync_in), TAIL_NONE},
	[FUSE_SETXATTR] = {true, sizeof(struct fuse_setxattr_in), TAIL_SETXATTR},
	[FUSE_GETXATTR] = {true, sizeof(struct fuse_getxattr_in), TAIL_XATTR},
	[FUSE_LISTXATTR] = {true, sizeof(struct fuse_getxattr_in), TAIL_NONE},
	[FUSE_REMOVEXATTR] = {true, 0, TAIL_XATTR},
	[FUSE_FLUSH] = {true, 0, TAIL_REFUSED},
	[FUSE_INIT] = {true, 0, TAIL_INIT},
	[FUSE_OPENDIR] = {true, sizeof(struct fuse_open_in), TAIL_NONE},
	[FUSE_READDIR] = {true, sizeof(struct fuse_read_in), TAIL_NONE},
	[FUSE_RELEASEDIR] = {true, sizeof(struct fuse_release_in), TAIL_NONE},
	[FUSE_FSYNCDIR] = {true, sizeof(struct fuse_fsync_in), TAIL_NONE},
	[FUSE_GETLK] = {true, 0, TAIL_REFUSED},
	[FUSE_SETLK] = {true, 0, TAIL_REFUSED},
	[FUSE_SETLKW] = {true, 0, TAIL_REFUSED},
	[FUSE_ACCESS] = {true, 0, TAIL_REFUSED},
	[FUSE_CREATE] = {true, sizeof(struct fuse_create_in), TAIL_NAME},
	[FUSE_INTERRUPT] = {true, 0, TAIL_REFUSED},
	[FUSE_BMAP] = {true, 0, TAIL_REFUSED},
	[FUSE_DESTROY] = {true, 0, TAIL_NONE},
	[FUSE_IOCTL] = {true, 0, TAIL_REFUSED},
	[FUSE_POLL] = {true, 0, TAIL_REFUSED},
	[FUSE_BATCH_FORGET] = {true, sizeof(struct fuse_batch_forget_in), TAIL_FORGETS},
	[FUSE_FALLOCATE] = {true, sizeof(struct fuse_fallocate_in), TAIL_NONE},
	[FUSE_READDIRPLUS] = {true, sizeof(struct fuse_read_in), TAIL_NONE},
	[FUSE_RENAME2] = {true, sizeof(struct fuse_rename2_in), TAIL_NAMES},
	[FUSE_LSEEK] = {true, sizeof(struct fuse_lseek_in), TAIL_NONE},
	[FUSE_COPY_FILE_RANGE] = {true, sizeof(struct fuse_copy_file_range_in), TAIL_NONE},
	[FUSE_SYNCFS] = {true, sizeof(struct fuse_syncfs_in), TAIL_NONE},
	[FUSE_TMPFILE] = {true, sizeof(struct fuse_create_in), TAIL_IGNORED},
};

int hp_fuse_message_len(struct hp_bytes in, size_t *ret_len, struct hp_error *err)
{
	uint32_t len;

	if (in.len < sizeof(len))
		return 0;
	memcpy(&len, in.data, sizeof(len));
	if (len < sizeof(struct fuse_in_header) || len > HP_FUSE_MESSAGE_MAX)
		return hp_fail(err, HP_EPROTO, "a FUSE request of %u bytes cannot be", len);
	*ret_len = len;
	return 1;
}

/* Take the text at the front of @rest, its NUL included. NULL when there is none. */
static const char *take_text(struct hp_bytes *rest)
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->data, 0, rest->len) : NULL;
	const char *text = (const char *)rest->data;
	size_t used;

	if (!end)
		return NULL;
	used = (size_t)(end - rest->data) + 1;
	rest->data += used;
	rest->len -= used;
	return text;
}

/* One component of a path, and none that leads elsewhere. */
static int take_component(struct hp_bytes *rest, const char **ret_name)
{
	const char *name = take_text(rest);

	if (!name || !*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return EINVAL;
	if (strlen(name) > HP_FUSE_NAME_MAX)
		return ENAMETOOLONG;
	*ret_name = name;
	return 0;
}

static int take_target(struct hp_bytes *rest, const char **ret_target)
{
	const char *target = take_text(rest);

	if (!target || !*target)
		return EINVAL;
	if (strlen(target) > TARGET_MAX)
		return ENAMETOOLONG;
	*ret_target = target;
	return 0;
}

static int take_xattr(struct hp_bytes *rest, const char **ret_name)
{
	const char *name = take_text(rest);

	if (!name || !*name)
		return EINVAL;
	if (strlen(name) > HP_FUSE_NAME_MAX)
		return ERANGE;
	*ret_name = name;
	return 0;
}

/* All that is left is data of @len bytes. */
static int take_data(struct hp_bytes *rest, size_t len, size_t max, struct hp_bytes *ret)
{
	if (len > max || rest->len != len)
		return EINVAL;
	*ret = *rest;
	*rest = HP_BYTES(NULL, 0);
	return 0;
}

static int take_init(struct hp_bytes *rest, struct fuse_init_in *ret)
{
	/* From: linux/fuse.h, "7.36 - extend fuse_init_in": before it, four numbers. */
	if (rest->len < offsetof(struct fuse_init_in, flags2))
		return EINVAL;
	memcpy(ret, rest->data, rest->len < sizeof(*ret) ? rest->len : sizeof(*ret));
	*rest = HP_BYTES(NULL, 0);
	return 0;
}

static int read_tail(enum tail tail, struct hp_bytes *rest, struct hp_fuse_request *r)
{
	size_t count = r->in.forgets.count;
	int rc = 0;

	switch (tail) {
	case TAIL_NONE:
		break;
	case TAIL_NAME:
		return take_component(rest, &r->name);
	case TAIL_NAMES:
		rc = take_component(rest, &r->name);
		return rc ? rc : take_component(rest, &r->name2);
	case TAIL_SYMLINK:
		rc = take_component(rest, &r->name);
		return rc ? rc : take_target(rest, &r->name2);
	case TAIL_IGNORED:
		return take_text(rest) ? 0 : EINVAL;
	case TAIL_XATTR:
		return take_xattr(rest, &r->name);
	case TAIL_SETXATTR:
		rc = take_xattr(rest, &r->name);
		return rc ? rc
			  : take_data(rest, r->in.setxattr.size, HP_FUSE_XATTR_MAX, &r->data);
	case TAIL_WRITE:
		return take_data(rest, r->in.write.size, HP_FUSE_DATA_MAX, &r->data);
	case TAIL_FORGETS:
		return take_data(rest, count * sizeof(struct fuse_forget_one),
				 HP_FUSE_MESSAGE_MAX, &r->data);
	case TAIL_INIT:
		return take_init(rest, &r->in.init);
	case TAIL_REFUSED:
		return ENOSYS;
	}
	return 0;
}

/* What would have to be read into a buffer of ours is held to its size. */
static bool sizes_fit(const struct hp_fuse_request *r)
{
	if (r->opcode == FUSE_READ || r->opcode == FUSE_READDIR ||
	    r->opcode == FUSE_READDIRPLUS)
		return r->in.read.size <= HP_FUSE_DATA_MAX;
	if (r->opcode == FUSE_GETXATTR || r->opcode == FUSE_LISTXATTR)
		return r->in.getxattr.size <= HP_FUSE_XATTR_MAX;
	return true;
}

int hp_fuse_request_read(struct hp_bytes message, struct hp_fuse_request *ret)
{
	struct fuse_in_header head;
	struct hp_bytes rest;
	const struct shape *shape;
	int rc;

	memcpy(&head, message.data, sizeof(head));
	*ret = (struct hp_fuse_request){.opcode = head.opcode,
					.unique = head.unique,
					.node = head.nodeid,
					.uid = head.uid,
					.gid = head.gid};
	if (head.opcode >= HP_ARRAY_LEN(shapes) || !shapes[head.opcode].known)
		return ENOSYS;
	shape = &shapes[head.opcode];
	rest = HP_BYTES(message.data + sizeof(head), message.len - sizeof(head));
	/* Extensions come only when they were negotiated, and none of them are. */
	if (head.len != message.len || head.total_extlen != 0 || rest.len < shape->size)
		return EINVAL;
	if (shape->size > 0)
		memcpy(&ret->in, rest.data, shape->size);
	rest.data += shape->size;
	rest.len -= shape->size;
	rc = read_tail(shape->tail, &rest, ret);
	if (rc)
		return rc;
	return rest.len == 0 && sizes_fit(ret) ? 0 : EINVAL;
}

struct fuse_forget_one hp_fuse_forget_at(struct hp_bytes forgets, size_t i)
{
	struct fuse_forget_one one;

	memcpy(&one, forgets.data + i * sizeof(one), sizeof(one));
	return one;
}

bool hp_fuse_is_silent(uint32_t opcode)
{
	return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET;
}

int hp_fuse_init_answer(const struct fuse_init_in *in, struct fuse_init_out *ret)
{
	/* FUSE_ATOMIC_O_TRUNC is not among them: OPEN is answered with ENOSYS once, so that the
	 * kernel opens and truncates on its own. FUSE_WRITEBACK_CACHE made writing slower. */
	static const uint32_t needed = FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_POSIX_ACL |
				       FUSE_MAX_PAGES | FUSE_HANDLE_KILLPRIV_V2 |
				       FUSE_SETXATTR_EXT;
	static const uint32_t liked = FUSE_ASYNC_READ | FUSE_AUTO_INVAL_DATA |
				      FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
				      FUSE_ASYNC_DIO | FUSE_PARALLEL_DIROPS |
				      FUSE_CACHE_SYMLINKS;

	if (in->major < FUSE_KERNEL_VERSION || (in->flags & needed) != needed)
		return EPROTO;
	*ret = (struct fuse_init_out){
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = HP_FUSE_DATA_MAX,
		.flags = needed | (in->flags & liked),
		/* From: Linux fs/fuse/inode.c, FUSE_DEFAULT_MAX_BACKGROUND is 12, which keeps a
		 * server that works on several requests waiting. */
		.max_background = 32,
		.congestion_threshold = 24,
		.max_write = HP_FUSE_DATA_MAX,
		.time_gran = 1,
		.max_pages = HP_FUSE_DATA_MAX / 4096,
	};
	/* A newer major number: it asks again with ours. From: linux/fuse.h, "Version
	 * negotiation". */
	return 0;
}

struct fuse_out_header hp_fuse_answer(uint64_t unique, int error, size_t len)
{
	return (struct fuse_out_header){.len = (uint32_t)(sizeof(struct fuse_out_header) + len),
					.error = -error,
					.unique = unique};
}

size_t hp_fuse_dirent_put(uint8_t *to, size_t room, const struct fuse_dirent *head,
			  const char *name, const struct fuse_entry_out *entry)
{
	size_t before = entry ? sizeof(*entry) : 0;
	size_t used = before + FUSE_NAME_OFFSET + head->namelen;
	size_t padded = FUSE_REC_ALIGN(used);

	if (padded > room)
		return 0;
	if (entry)
		memcpy(to, entry, sizeof(*entry));
	memcpy(to + before, head, FUSE_NAME_OFFSET);
	memcpy(to + before + FUSE_NAME_OFFSET, name, head->namelen);
	memset(to + used, 0, padded - used);
	return padded;
}

uint32_t hp_fuse_dev_encode(unsigned major, unsigned minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & 0xfff00) << 12;
}

void hp_fuse_dev_decode(uint32_t dev, unsigned *ret_major, unsigned *ret_minor)
{
	*ret_major = dev >> 8 & 0xfff;
	*ret_minor = (dev & 0xff) | (dev >> 12 & 0xfff00);
}
