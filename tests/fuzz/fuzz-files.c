/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-files.c - any bytes as what a guest asks of the file server, on a scratch directory. Ids of
 * nodes and handles below 16 stand for the ones that the server gave, as they cannot be guessed. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "files/call.h"
#include "fuzz.h"

#define KNOWN       16
#define OUT         (HP_FUSE_XATTR_MAX + 4096)
#define LENGTH_MAX  (1 << 20) /* of files, so that the disk is not filled */
#define REQUEST_MAX 200
#define PRECIOUS    "this is not shared\n"

struct guest {
	struct hp_files files;
	struct hp_cred cred;
	uint64_t nodes[KNOWN];
	uint64_t handles[KNOWN];
	unsigned n_nodes;
	unsigned n_handles;
	uint8_t out[OUT];
};

static uint64_t known(const uint64_t *ids, uint64_t id)
{
	return id < KNOWN ? ids[id] : id;
}

/* Put real ids in the place of those that stand for them. Returns: false for what would use up the
 * disk. */
static bool prepare(const struct guest *g, struct hp_fuse_request *r)
{
	r->node = known(g->nodes, r->node);
	if (r->opcode == FUSE_READDIR || r->opcode == FUSE_READDIRPLUS)
		r->in.read.fh = known(g->handles, r->in.read.fh);
	if (r->opcode == FUSE_RELEASEDIR)
		r->in.release.fh = known(g->handles, r->in.release.fh);
	if (r->opcode == FUSE_FSYNCDIR)
		r->in.fsync.fh = known(g->handles, r->in.fsync.fh);
	if (r->opcode == FUSE_RENAME || r->opcode == FUSE_RENAME2)
		r->in.rename.newdir = known(g->nodes, r->in.rename.newdir);
	if (r->opcode == FUSE_LINK)
		r->in.link.oldnodeid = known(g->nodes, r->in.link.oldnodeid);
	if (r->opcode == FUSE_COPY_FILE_RANGE)
		r->in.copy.nodeid_out = known(g->nodes, r->in.copy.nodeid_out);
	/* All of the host would be synced. */
	return r->opcode != FUSE_SYNCFS &&
	       (r->opcode != FUSE_FALLOCATE || r->in.fallocate.length <= LENGTH_MAX);
}

/* Note what the answer tells of. */
static void learn(struct guest *g, const struct hp_files_call *c)
{
	uint32_t opcode = c->r->opcode;
	struct fuse_entry_out entry;
	struct fuse_open_out open_out;

	if (opcode == FUSE_LOOKUP || opcode == FUSE_CREATE || opcode == FUSE_MKNOD ||
	    opcode == FUSE_MKDIR || opcode == FUSE_SYMLINK || opcode == FUSE_LINK ||
	    opcode == FUSE_TMPFILE) {
		FUZZ_CHECK(c->len >= sizeof(entry));
		memcpy(&entry, c->out, sizeof(entry));
		if (entry.nodeid != 0 && g->n_nodes < KNOWN)
			g->nodes[g->n_nodes++] = entry.nodeid;
	}
	if (opcode == FUSE_OPENDIR) {
		FUZZ_CHECK(c->len == sizeof(open_out));
		memcpy(&open_out, c->out, sizeof(open_out));
		if (g->n_handles < KNOWN)
			g->handles[g->n_handles++] = open_out.fh;
	}
}

static void ask(struct guest *g, struct hp_bytes message)
{
	struct hp_fuse_request r;
	struct hp_files_call c = {.files = &g->files,
				  .cred = &g->cred,
				  .r = &r,
				  .out = g->out,
				  .room = sizeof(g->out)};
	int rc;

	if (hp_fuse_request_read(message, &r) != 0 || !prepare(g, &r))
		return;
	rc = hp_files__answer(&c);
	FUZZ_CHECK(rc >= 0 && rc < 512 && c.len <= c.room);
	if (rc == 0)
		learn(g, &c);
}

static void talk(struct guest *g, struct hp_bytes in)
{
	struct hp_error err = HP_ERROR_INIT;
	size_t len = 0;

	for (int i = 0; i < REQUEST_MAX; i++) {
		if (hp_fuse_message_len(in, &len, &err) <= 0 || len > in.len)
			break;
		ask(g, HP_BYTES(in.data, len));
		in.data += len;
		in.len -= len;
	}
}

/* Make @dir with what is shared, and beside it what is not. Returns: the shared one's descriptor. */
static int make_tree(const char *dir)
{
	AUTO_FREE char *shared = hp_path_join(dir, "shared");
	AUTO_FREE char *below = hp_path_join(shared, "d");
	AUTO_FREE char *file = hp_path_join(shared, "f");
	AUTO_FREE char *link = hp_path_join(shared, "s");
	AUTO_FREE char *precious = hp_path_join(dir, "precious");
	struct hp_error err = HP_ERROR_INIT;
	int fd;

	FUZZ_CHECK(hp_mkdirs(below, 0755, &err) == 0);
	FUZZ_CHECK(hp_file_write(file, "text", 4, 0644, &err) == 0);
	FUZZ_CHECK(hp_file_write(precious, PRECIOUS, strlen(PRECIOUS), 0644, &err) == 0);
	FUZZ_CHECK(symlink("../precious", link) == 0);
	fd = open(shared, O_PATH | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	return fd;
}

/* Nothing beside the share has changed. */
static void check_tree(const char *dir)
{
	AUTO_FREE char *precious = hp_path_join(dir, "precious");
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	struct hp_error err = HP_ERROR_INIT;
	struct stat st;

	hp_buf_init(&buf, 100);
	FUZZ_CHECK(hp_file_read(precious, 100, &buf, &err) == 0);
	FUZZ_CHECK(buf.len == strlen(PRECIOUS) && memcmp(buf.data, PRECIOUS, buf.len) == 0);
	FUZZ_CHECK(stat(precious, &st) == 0 && st.st_mode == (S_IFREG | 0644));
	FUZZ_CHECK(st.st_nlink == 1 && st.st_uid == 0);
	FUZZ_CHECK(stat(dir, &st) == 0 && st.st_nlink == 3);
}

static bool become_ready(struct guest *g)
{
	struct rlimit limit = {LENGTH_MAX, LENGTH_MAX};

	signal(SIGXFSZ, SIG_IGN);
	return geteuid() == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       hp_files__cred_init(&g->cred, g->files.proc_fd) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest *g = hp_alloc(sizeof(*g));
	char dir[] = "/tmp/harpoon-fuzz.XXXXXX";
	struct hp_files_share share = {.name = "rootfs"};
	struct hp_error err = HP_ERROR_INIT;
	AUTO_CLOSE int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	FUZZ_CHECK(here >= 0 && mkdtemp(dir));
	share.fd = make_tree(dir);
	FUZZ_CHECK(hp_files__open(&g->files, &share, 1, &err) == 0);
	/* So few that nodes are closed and opened again. */
	g->files.nodes.max_open = 4;
	g->nodes[1] = FUSE_ROOT_ID;
	g->nodes[2] = g->files.roots[0].node->id;
	g->n_nodes = 3;
	if (become_ready(g))
		talk(g, HP_BYTES(data, size));
	hp_files__close(&g->files);
	close(share.fd);
	FUZZ_CHECK(fchdir(here) == 0);
	check_tree(dir);
	FUZZ_CHECK(hp_remove_tree(dir, &err) == 0);
	free(g);
	return 0;
}
