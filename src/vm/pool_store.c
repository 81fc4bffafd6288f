/* SPDX-License-Identifier: Apache-2.0 */
/* pool_store.c - keep templates in memory as long as they are used, and as they are on disk. */
#include "vm/pool_store.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

/* Which file it was read from. */
struct stamp {
	ino_t ino;
	struct timespec time;
};

struct entry {
	struct entry *next;
	char key[HP_VM_KEY];
	struct stamp stamp;
	struct hp_template template;
	int64_t used_ms;
};

struct hp_pool_store {
	const struct hp_vm_config *config;
	struct entry *entries;
};

struct hp_pool_store *hp_pool_store_new(const struct hp_vm_config *c)
{
	struct hp_pool_store *s = hp_alloc(sizeof(*s));

	s->config = c;
	return s;
}

/* Remove the entry that *@at points to. */
static void drop(struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	hp_template_clear(&e->template);
	free(e);
}

void hp_pool_store_free(struct hp_pool_store *s)
{
	if (!s)
		return;
	while (s->entries)
		drop(&s->entries);
	free(s);
}

/* Zero when it is not there, which no file's is. */
static struct stamp stamp_of(const struct hp_pool_store *s, const char *key)
{
	AUTO_FREE char *dir = hp_template_dir(s->config, key);
	AUTO_FREE char *path = hp_path_join(dir, "state");
	struct stamp stamp = {0};
	struct stat st;

	if (stat(path, &st) < 0)
		return stamp;
	stamp.ino = st.st_ino;
	stamp.time = st.st_mtim;
	return stamp;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->ino == b->ino && a->time.tv_sec == b->time.tv_sec &&
	       a->time.tv_nsec == b->time.tv_nsec;
}

static struct entry **find(struct hp_pool_store *s, const char *key)
{
	struct entry **at = &s->entries;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static int load(struct hp_pool_store *s, const char *key, const struct stamp *stamp,
		struct hp_error *err)
{
	struct entry *e = hp_alloc(sizeof(*e));

	if (hp_template_load(s->config, key, &e->template, err) < 0) {
		free(e);
		return -1;
	}
	memcpy(e->key, key, HP_VM_KEY);
	e->stamp = *stamp;
	e->next = s->entries;
	s->entries = e;
	return 0;
}

int hp_pool_store_get(struct hp_pool_store *s, const char *key, const struct hp_template **ret,
		      struct hp_error *err)
{
	const struct stamp now = stamp_of(s, key);
	struct entry **at = find(s, key);

	if (*at && !same_stamp(&(*at)->stamp, &now))
		drop(at);
	at = find(s, key);
	if (!*at && load(s, key, &now, err) < 0) {
		struct hp_error ignored = HP_ERROR_INIT;

		/* Whatever it is, the next that is made will be none of it. */
		if (err->code == HP_ECORRUPT &&
		    hp_template_remove(s->config, key, &ignored) == 0)
			err->code = HP_ENOTFOUND;
		return -1;
	}
	at = find(s, key);
	(*at)->used_ms = hp_clock_ms();
	*ret = &(*at)->template;
	return 0;
}

void hp_pool_store_trim(struct hp_pool_store *s, int64_t idle_ms)
{
	const int64_t since = hp_clock_ms() - idle_ms;
	struct entry **at = &s->entries;

	while (*at) {
		if ((*at)->used_ms < since)
			drop(at);
		else
			at = &(*at)->next;
	}
}
