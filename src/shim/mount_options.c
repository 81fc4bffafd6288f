/* SPDX-License-Identifier: Apache-2.0 */
/* mount_options.c - owns the table of mount options. */
#include "shim/mount_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/str.h"

/* Newer than Debian 12's headers. From: Linux include/uapi/linux/mount.h. */
#define NOSYMFOLLOW (1 << 8)

enum effect {
	SET,       /* the flag */
	CLEAR,     /* the flag */
	PROPAGATE, /* the flag, which is of another kind */
	LOOP,
	COPY_UP,
	REFUSE,
};

struct row {
	const char *word;
	enum effect effect;
	uint64_t flags;
};

static const struct row rows[] = {
	{"async", CLEAR, MS_SYNCHRONOUS},
	{"atime", CLEAR, MS_NOATIME},
	{"bind", SET, MS_BIND},
	{"defaults", SET, 0},
	{"dev", CLEAR, MS_NODEV},
	{"diratime", CLEAR, MS_NODIRATIME},
	{"dirsync", SET, MS_DIRSYNC},
	{"exec", CLEAR, MS_NOEXEC},
	{"idmap", REFUSE, 0},
	{"iversion", SET, MS_I_VERSION},
	{"lazytime", SET, MS_LAZYTIME},
	{"loop", LOOP, 0},
	{"loud", CLEAR, MS_SILENT},
	{"mand", SET, MS_MANDLOCK},
	{"noatime", SET, MS_NOATIME},
	{"nodev", SET, MS_NODEV},
	{"nodiratime", SET, MS_NODIRATIME},
	{"noexec", SET, MS_NOEXEC},
	{"noiversion", CLEAR, MS_I_VERSION},
	{"nolazytime", CLEAR, MS_LAZYTIME},
	{"nomand", CLEAR, MS_MANDLOCK},
	{"norelatime", CLEAR, MS_RELATIME},
	{"nostrictatime", CLEAR, MS_STRICTATIME},
	{"nosuid", SET, MS_NOSUID},
	{"nosymfollow", SET, NOSYMFOLLOW},
	{"private", PROPAGATE, MS_PRIVATE},
	{"rbind", SET, MS_BIND | MS_REC},
	{"relatime", SET, MS_RELATIME},
	{"remount", SET, MS_REMOUNT},
	{"ridmap", REFUSE, 0},
	{"ro", SET, MS_RDONLY},
	{"rprivate", PROPAGATE, MS_PRIVATE | MS_REC},
	{"rshared", PROPAGATE, MS_SHARED | MS_REC},
	{"rslave", PROPAGATE, MS_SLAVE | MS_REC},
	{"runbindable", PROPAGATE, MS_UNBINDABLE | MS_REC},
	{"rw", CLEAR, MS_RDONLY},
	{"shared", PROPAGATE, MS_SHARED},
	{"silent", SET, MS_SILENT},
	{"slave", PROPAGATE, MS_SLAVE},
	{"strictatime", SET, MS_STRICTATIME},
	{"suid", CLEAR, MS_NOSUID},
	{"symfollow", CLEAR, NOSYMFOLLOW},
	{"sync", SET, MS_SYNCHRONOUS},
	{"tmpcopyup", COPY_UP, 0},
	{"unbindable", PROPAGATE, MS_UNBINDABLE},
};

/* What mount_setattr(2) can change of a whole tree has words with an "r" before it. */
#define TREE_FLAGS                                                                             \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NODIRATIME | MS_NOATIME |           \
	 MS_RELATIME | MS_STRICTATIME | NOSYMFOLLOW)

static const struct row *find_exactly(const char *word)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].word, word) == 0)
			return &rows[i];
	return NULL;
}

static const struct row *find(const char *word)
{
	const struct row *row = find_exactly(word);

	if (row || *word != 'r')
		return row;
	row = find_exactly(word + 1);
	return row && row->effect <= CLEAR && (row->flags & TREE_FLAGS) ? row : NULL;
}

static void apply(const struct row *row, struct hp_shim_mount_options *o)
{
	switch (row->effect) {
	case SET:
		o->flags |= row->flags;
		break;
	case CLEAR:
		o->flags &= ~row->flags;
		break;
	case PROPAGATE:
		o->propagation = row->flags;
		break;
	case LOOP:
		o->loop = true;
		break;
	case COPY_UP:
		o->copy_up = true;
		break;
	case REFUSE:
		break;
	}
}

static bool asks_for_ids(const char *word)
{
	return hp_str_starts(word, "idmap=") || hp_str_starts(word, "ridmap=") ||
	       hp_str_starts(word, "uidmap=") || hp_str_starts(word, "gidmap=");
}

int hp_shim_mount_options_read(const char *const *words, size_t n,
			       struct hp_shim_mount_options *ret, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv data = {0};
	struct hp_shim_mount_options o = {0};

	for (size_t i = 0; i < n; i++) {
		const struct row *row = find(words[i]);

		if ((row && row->effect == REFUSE) || asks_for_ids(words[i]))
			return hp_fail(
				err, HP_EUNSUPPORTED,
				"option '%.64s': mounts with mapped ids are not supported",
				words[i]);
		if (row)
			apply(row, &o);
		/* What begins with "x-" is for programs in user space. */
		else if (*words[i] && !hp_str_starts(words[i], "x-") &&
			 !hp_str_starts(words[i], "X-"))
			hp_strv_add(&data, words[i]);
	}
	o.data = hp_strv_join(hp_strv_view(&data), ",");
	*ret = o;
	return 0;
}

void hp_shim_mount_options_clear(struct hp_shim_mount_options *o)
{
	free(TAKE(o->data));
}
