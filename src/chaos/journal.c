/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - owns the directory of faults that are held.
 *
 * Locks are those of open file descriptions (fcntl(2), OFD): whoever reads all entries opens and
 * closes its own ones too, which would end a lock that belongs to the process. A child that a guard
 * forks and that does not execute a program closes what it inherits, or the lock outlives the guard. */
#include "chaos/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

#define DEFAULT_ROOT  "/run/harpoon"
#define SUFFIX        ".json"
#define LOCK_FILE     ".lock"
#define ENTRY_MAX     (256u << 10)
#define ID_MAX        100
#define LOCK_WAIT_MS  10000
#define LOCK_PAUSE_MS 2

char *hp_journal_dir(const char *state_root)
{
	return hp_path_join(state_root ? state_root : DEFAULT_ROOT, "chaos");
}

/* It becomes a file's name, so nothing that could lead elsewhere or be hidden. */
int hp_journal_check_id(const char *id, struct hp_error *err)
{
	size_t len = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				"0123456789._-");

	if (len == 0 || id[len] || len > ID_MAX || id[0] == '.')
		return hp_fail(err, HP_EINVALID,
			       "'%.*s' cannot be the id of a fault: letters, digits, '.', '_' "
			       "and '-', at most %d of them",
			       ID_MAX, id, ID_MAX);
	return 0;
}

static char *entry_path(const struct hp_fault *f)
{
	return hp_sprintf("%s/%s" SUFFIX, f->reach->journal, f->id);
}

/* Lock the whole file without waiting. Returns: 1; 0 when another process has it; -1 with errno. */
static int try_lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
		return 1;
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

/* A new file beside the entry, locked, that holds the fault's document. */
static int make_draft(const struct hp_fault *f, const char *path, int *ret_fd,
		      struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *doc = hp_fault_to_json(f);
	AUTO_FREE char *text = hp_json_text(doc, false);
	AUTO_CLOSE int fd = -1;

	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hp_fail_errno(err, errno, "make '%s'", path);
	if (try_lock(fd) <= 0)
		return hp_fail_errno(err, errno, "lock '%s'", path);
	if (hp_fd_write_all(fd, text, strlen(text), err) < 0)
		return hp_wrap(err, "write '%s'", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int hp_journal_write(struct hp_fault *f, struct hp_error *err)
{
	AUTO_FREE char *path = entry_path(f);
	AUTO_FREE char *draft =
		hp_sprintf("%s/.%s.%lld", f->reach->journal, f->id, (long long)getpid());
	AUTO_CLOSE int fd = -1;
	bool anew = f->reach->entry_fd >= 0;

	if (hp_journal_check_id(f->id, err) < 0 ||
	    (!anew && hp_mkdirs(f->reach->journal, 0700, err) < 0))
		return -1;
	if (!f->began_ns)
		f->began_ns = hp_clock_unix_ns();
	if (make_draft(f, draft, &fd, err) < 0) {
		unlink(draft);
		return hp_wrap(err, "journal of fault '%s'", f->id);
	}
	/* The first entry may replace nobody's; later ones replace ours in one step. */
	int rc = anew ? rename(draft, path) : link(draft, path);
	int sys = errno;
	unlink(draft);
	if (rc < 0)
		return hp_fail_errno(err, sys, "journal of fault '%s': '%s'", f->id, path);
	if (anew)
		close(f->reach->entry_fd);
	f->reach->entry_fd = TAKE_FD(fd);
	return 0;
}

int hp_fault_save(struct hp_fault *f, struct hp_error *err)
{
	return hp_journal_write(f, err);
}

void hp_journal_remove(struct hp_fault *f)
{
	AUTO_FREE char *path = entry_path(f);

	if (f->reach->entry_fd < 0)
		return;
	unlink(path);
	close(f->reach->entry_fd);
	f->reach->entry_fd = -1;
}

int hp_journal_lock(const char *journal, int *ret_fd, struct hp_error *err)
{
	AUTO_FREE char *path = hp_path_join(journal, LOCK_FILE);
	int64_t deadline = hp_deadline_in(LOCK_WAIT_MS);
	AUTO_CLOSE int fd = -1;
	int rc = 0;

	if (hp_mkdirs(journal, 0700, err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return hp_fail_errno(err, errno, "open the lock file '%s'", path);
	while ((rc = try_lock(fd)) == 0 && hp_deadline_left_ms(deadline) != 0)
		hp_clock_sleep_ms(LOCK_PAUSE_MS);
	if (rc < 0)
		return hp_fail_errno(err, errno, "lock '%s'", path);
	if (rc == 0)
		return hp_fail(err, HP_ETIMEOUT, "another harpoon holds the lock '%s'", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void hp_journal_list_clear(struct hp_journal_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		hp_fault_free(list->items[i].fault);
		free(list->items[i].path);
	}
	free(list->items);
	*list = (struct hp_journal_list){0};
}

static bool is_held(const char *path)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

static int read_entry(struct hp_journal_item *item, const char *journal, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};
	AUTO(hp_json_free) struct hp_json *doc = NULL;

	if (hp_file_read(item->path, ENTRY_MAX, &buf, err) < 0 ||
	    hp_json_parse(hp_buf_bytes(&buf), &doc, err) < 0 ||
	    hp_fault_from_json(doc, journal, &item->fault, err) < 0)
		return -1;
	/* Its name is what removes it, so both must agree. */
	AUTO_FREE char *path = entry_path(item->fault);
	if (!hp_str_eq(path, item->path))
		return hp_fail(err, HP_ECORRUPT, "it is the entry of fault '%s'",
			       item->fault->id);
	return 0;
}

static int is_entry(const struct dirent *d)
{
	return d->d_name[0] != '.' && hp_str_ends(d->d_name, SUFFIX);
}

static void add_entry(struct hp_journal_list *list, const char *journal, const char *name)
{
	struct hp_journal_item *item = NULL;

	list->items = hp_realloc_array(list->items, list->count + 1, sizeof(*list->items));
	item = &list->items[list->count];
	*item = (struct hp_journal_item){.path = hp_path_join(journal, name)};
	if (read_entry(item, journal, &item->why) < 0) {
		hp_fault_free(item->fault);
		item->fault = NULL;
		/* It was undone while we looked. */
		if (item->why.code == HP_ENOTFOUND) {
			free(item->path);
			return;
		}
		struct hp_error why = item->why;
		hp_wrap(&why, "'%s'", item->path);
		item->why = why;
	}
	item->held = is_held(item->path);
	list->count++;
}

int hp_journal_read(const char *journal, struct hp_journal_list *ret, struct hp_error *err)
{
	struct dirent **names = NULL;
	int count = scandir(journal, &names, is_entry, alphasort);

	*ret = (struct hp_journal_list){0};
	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return hp_fail_errno(err, errno, "read the journal '%s'", journal);
	for (int i = 0; i < count; i++) {
		add_entry(ret, journal, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

int hp_journal_adopt(struct hp_journal_item *item, struct hp_error *err)
{
	AUTO_CLOSE int fd = open(item->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat ours, now;
	int rc;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return hp_fail_errno(err, errno, "open '%s'", item->path);
	rc = try_lock(fd);
	if (rc < 0)
		return hp_fail_errno(err, errno, "lock '%s'", item->path);
	/* Its guard may have written it anew or removed it before we had the lock. */
	if (rc == 0 || fstat(fd, &ours) < 0 || stat(item->path, &now) < 0 ||
	    ours.st_ino != now.st_ino || ours.st_dev != now.st_dev)
		return 0;
	item->fault->reach->entry_fd = TAKE_FD(fd);
	return 1;
}
