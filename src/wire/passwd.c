/* SPDX-License-Identifier: Apache-2.0 */
/* passwd.c - find a user and its groups in the texts of a container's passwd and group files. */
#include "wire/passwd.h"

#include "base/alloc.h"
#include "base/str.h"

/* The largest id that runtimes take. From: runc libcontainer/user, maxID. */
#define MAX_ID      INT32_MAX
/* From: Linux include/uapi/linux/limits.h, NGROUPS_MAX. */
#define MAX_GROUPS  65536
/* Fields of a line. From: passwd(5), group(5). */
#define MAX_FIELDS  7
#define NAME        0
#define ID          2
#define USER_GID    3
#define USER_HOME   5
#define GROUP_USERS 3

/* One line, cut into its fields; missing ones are "". */
struct line {
	char *text;
	const char *fields[MAX_FIELDS];
};

static void line_clear(struct line *l)
{
	free(l->text);
	*l = (struct line){0};
}
HP_AUTO_VALUE(struct line, line_clear);

/* Take the next line off the front of @file. Returns: false when there is none. */
static bool line_next(struct hp_bytes *file, struct line *l)
{
	const uint8_t *end = file->len > 0 ? memchr(file->data, '\n', file->len) : NULL;
	size_t len = end ? (size_t)(end - file->data) : file->len;

	line_clear(l);
	if (file->len == 0)
		return false;
	l->text = hp_strndup((const char *)file->data, len);

	char *rest = l->text;

	for (size_t i = 0; i < MAX_FIELDS; i++) {
		const char *field = strsep(&rest, ":");

		l->fields[i] = field ? field : "";
	}
	len += end ? 1 : 0;
	*file = HP_BYTES(file->data + len, file->len - len);
	return true;
}

/* Is @s a number at all? Names may begin with a digit, so only all digits count. */
static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static int parse_id(const char *what, const char *s, uint32_t *ret, struct hp_error *err)
{
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > MAX_ID)
			return hp_fail(err, HP_EINVALID,
				       "the number of the %s is over the limit of %d", what,
				       MAX_ID);
	}
	*ret = (uint32_t)n;
	return 0;
}

/* The id in a line of a file. Lines without a proper one are passed over, as libc does. */
static bool line_id(const struct line *l, size_t field, uint32_t *ret)
{
	struct hp_error ignored = HP_ERROR_INIT;

	return is_number(l->fields[field]) &&
	       parse_id("line", l->fields[field], ret, &ignored) == 0;
}

/* Does @l stand for @key, a name or a number? */
static bool line_is(const struct line *l, const char *key, uint32_t id)
{
	uint32_t line_number = 0;

	if (*l->fields[NAME] == '#' || !line_id(l, ID, &line_number))
		return false;
	return is_number(key) ? line_number == id : hp_str_eq(l->fields[NAME], key);
}

/* Find @key in @file. Returns: 1 with *ret_line, 0 when it is not there, -1. */
static int find(struct hp_bytes file, const char *what, const char *key, struct line *ret_line,
		struct hp_error *err)
{
	uint32_t id = 0;

	if (is_number(key) && parse_id(what, key, &id, err) < 0)
		return hp_wrap(err, "'%.64s'", key);
	while (line_next(&file, ret_line))
		if (line_is(ret_line, key, id))
			return 1;
	return 0;
}

static int find_gid(struct hp_bytes group, const char *key, uint32_t *ret, struct hp_error *err)
{
	AUTO(line_clear) struct line l = {0};
	int found = find(group, "group", key, &l, err);

	if (found < 0)
		return -1;
	if (found == 0 && !is_number(key))
		return hp_fail(err, HP_ENOTFOUND,
			       "no group '%.64s' in the container's /etc/group", key);
	/* Both were checked to fit by find(). */
	return parse_id("group", found ? l.fields[ID] : key, ret, err);
}

static int add_group(struct hp_user *u, uint32_t gid, struct hp_error *err)
{
	if (u->n_gids == MAX_GROUPS)
		return hp_fail(err, HP_EINVALID, "over %d additional groups", MAX_GROUPS);
	if ((u->n_gids & (u->n_gids - 1)) == 0) {
		size_t room = u->n_gids ? u->n_gids * 2 : 1;

		u->gids = hp_realloc_array(u->gids, room, sizeof(*u->gids));
	}
	u->gids[u->n_gids++] = gid;
	return 0;
}

static bool is_member(const struct line *group, const char *user)
{
	const char *member = group->fields[GROUP_USERS];
	size_t len = strlen(user);

	while (*member) {
		size_t n = strcspn(member, ",");

		if (n == len && memcmp(member, user, len) == 0)
			return true;
		member += n + (member[n] == ',');
	}
	return false;
}

/* All groups that list @name. */
static int add_memberships(struct hp_user *u, const char *name, struct hp_bytes group,
			   struct hp_error *err)
{
	AUTO(line_clear) struct line l = {0};
	uint32_t gid = 0;

	while (line_next(&group, &l))
		if (*l.fields[NAME] != '#' && line_id(&l, ID, &gid) && is_member(&l, name) &&
		    add_group(u, gid, err) < 0)
			return -1;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sort the groups, each once, the first group not among them. */
static void tidy_groups(struct hp_user *u)
{
	size_t n = 0;

	if (u->n_gids > 0)
		qsort(u->gids, u->n_gids, sizeof(*u->gids), compare_ids);
	for (size_t i = 0; i < u->n_gids; i++)
		if (u->gids[i] != u->gid && (n == 0 || u->gids[n - 1] != u->gids[i]))
			u->gids[n++] = u->gids[i];
	u->n_gids = n;
}

/* Fill uid, gid and home from the entry of @key, and say what the entry is called: "" when there
 * is none. */
static int resolve_user(const char *key, struct hp_bytes passwd, struct hp_user *u,
			char **ret_name, struct hp_error *err)
{
	AUTO(line_clear) struct line l = {0};
	int found = find(passwd, "user", key, &l, err);

	if (found < 0)
		return -1;
	if (found == 0 && !is_number(key))
		return hp_fail(err, HP_ENOTFOUND,
			       "no user '%.64s' in the container's /etc/passwd", key);
	if (parse_id("user", found ? l.fields[ID] : key, &u->uid, err) < 0)
		return -1;
	if (found && !line_id(&l, USER_GID, &u->gid))
		return hp_fail(err, HP_EINVALID,
			       "user '%.64s': no proper group in the container's /etc/passwd",
			       key);
	/* A relative home would mean a different one in each directory. */
	u->home = hp_strdup(found && *l.fields[USER_HOME] == '/' ? l.fields[USER_HOME] : "/");
	*ret_name = hp_strdup(found ? l.fields[NAME] : "");
	return 0;
}

int hp_user_resolve(const char *user, struct hp_bytes passwd, struct hp_bytes group,
		    const char *const *extra_groups, struct hp_user *ret, struct hp_error *err)
{
	AUTO(hp_user_clear) struct hp_user u = {0};
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *text = hp_strdup(user ? user : "");
	char *group_key = text;
	const char *user_key = strsep(&group_key, ":");

	/* Nothing said, or only a group: root, which is number 0 whatever the files say. */
	if (resolve_user(*user_key ? user_key : "0", passwd, &u, &name, err) < 0)
		return -1;
	if (!hp_str_empty(group_key)) {
		if (find_gid(group, group_key, &u.gid, err) < 0)
			return hp_wrap(err, "user '%.64s'", user);
	} else if (*name && add_memberships(&u, name, group, err) < 0) {
		return hp_wrap(err, "user '%.64s'", user);
	}
	for (size_t i = 0; extra_groups && extra_groups[i]; i++) {
		uint32_t gid = 0;

		if (find_gid(group, extra_groups[i], &gid, err) < 0 ||
		    add_group(&u, gid, err) < 0)
			return hp_wrap(err, "additional group");
	}
	tidy_groups(&u);
	*ret = u;
	u = (struct hp_user){0};
	return 0;
}

void hp_user_clear(struct hp_user *u)
{
	free(u->gids);
	free(u->home);
	*u = (struct hp_user){0};
}
