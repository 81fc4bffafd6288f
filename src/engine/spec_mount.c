/* SPDX-License-Identifier: Apache-2.0 */
/* spec_mount.c - docker's long text for a mount: "type=bind,source=S,target=T,readonly". */
#include "engine/spec_text.h"

#include "base/alloc.h"

#define MAX_FIELDS 64

/* What the fields said, before it is known what they are for. */
struct fields {
	struct hp_mount mount;
	struct hp_strv options;
	bool has_type;
	const char *source;   /* borrowed from the list of fields */
	const char *bound_by; /* the last field that only one type has, ... */
	enum hp_mount_type bound_to;
};

/* Which values a field takes, and what its key means. */
struct field {
	const char *key;
	int (*read)(struct fields *f, const char *value, struct hp_error *err);
	bool value_optional; /* the key alone is "true" */
	int only;            /* enum hp_mount_type, -1: all */
};

static int read_type(struct fields *f, const char *value, struct hp_error *err)
{
	f->has_type = true;
	if (hp_str_eq(value, "bind"))
		f->mount.type = HP_MOUNT_BIND;
	else if (hp_str_eq(value, "volume"))
		f->mount.type = HP_MOUNT_VOLUME;
	else if (hp_str_eq(value, "tmpfs"))
		f->mount.type = HP_MOUNT_TMPFS;
	else
		return hp_fail(err, HP_EINVALID, "type '%.64s': expected bind, volume or tmpfs",
			       value);
	return 0;
}

static int read_source(struct fields *f, const char *value, struct hp_error *err)
{
	(void)err;
	f->source = value;
	return 0;
}

static int read_target(struct fields *f, const char *value, struct hp_error *err)
{
	return hp_spec__set_target(&f->mount, value, err);
}

static int read_bool(const char *value, bool *ret, struct hp_error *err)
{
	if (!hp_str_bool(value, ret))
		return hp_fail(err, HP_EINVALID, "'%.64s': expected true or false", value);
	return 0;
}

static int read_readonly(struct fields *f, const char *value, struct hp_error *err)
{
	return read_bool(value, &f->mount.read_only, err);
}

static int read_propagation(struct fields *f, const char *value, struct hp_error *err)
{
	static const char *const words[] = {"private", "rprivate", "shared",
					    "rshared", "slave",    "rslave"};

	for (size_t i = 0; i < HP_ARRAY_LEN(words); i++)
		if (hp_str_eq(value, words[i])) {
			hp_strv_add(&f->options, value);
			return 0;
		}
	return hp_fail(err, HP_EINVALID,
		       "bind-propagation '%.64s': expected [r]private, [r]shared or [r]slave",
		       value);
}

static int read_nonrecursive(struct fields *f, const char *value, struct hp_error *err)
{
	bool on = false;

	if (read_bool(value, &on, err) < 0)
		return -1;
	if (on)
		hp_strv_add(&f->options, "bind");
	return 0;
}

/* docker's words for Macs, which mean nothing on Linux. */
static int read_consistency(struct fields *f, const char *value, struct hp_error *err)
{
	(void)f;
	if (hp_str_eq(value, "consistent") || hp_str_eq(value, "cached") ||
	    hp_str_eq(value, "delegated") || hp_str_eq(value, "default"))
		return 0;
	return hp_fail(err, HP_EINVALID, "unknown consistency '%.64s'", value);
}

/* Nothing is ever copied into a volume, so either value is honoured where true is. */
static int read_nocopy(struct fields *f, const char *value, struct hp_error *err)
{
	bool on = false;

	(void)f;
	return read_bool(value, &on, err);
}

static int read_driver(struct fields *f, const char *value, struct hp_error *err)
{
	(void)f;
	if (hp_str_eq(value, "local"))
		return 0;
	return hp_fail(err, HP_EINVALID, "volume-driver '%.64s': there is only 'local'", value);
}

static int read_tmpfs_size(struct fields *f, const char *value, struct hp_error *err)
{
	int64_t bytes = 0;

	if (hp_str_size(value, &bytes, err) < 0) {
		err->code = HP_EINVALID;
		return hp_wrap(err, "tmpfs-size");
	}
	hp_strv_addf(&f->options, "size=%lld", (long long)bytes);
	return 0;
}

static int read_tmpfs_mode(struct fields *f, const char *value, struct hp_error *err)
{
	size_t digits = strspn(value, "01234567");

	if (digits == 0 || digits > 5 || value[digits])
		return hp_fail(err, HP_EINVALID,
			       "tmpfs-mode '%.64s': expected permissions in octal", value);
	hp_strv_addf(&f->options, "mode=%s", value);
	return 0;
}

/* From: docker run's reference, "--mount"; docker's CLI, opts/mount.go. */
static const struct field table[] = {
	{"type", read_type, false, -1},
	{"source", read_source, false, -1},
	{"src", read_source, false, -1},
	{"target", read_target, false, -1},
	{"dst", read_target, false, -1},
	{"destination", read_target, false, -1},
	{"readonly", read_readonly, true, -1},
	{"ro", read_readonly, true, -1},
	{"consistency", read_consistency, false, -1},
	{"bind-propagation", read_propagation, false, HP_MOUNT_BIND},
	{"bind-nonrecursive", read_nonrecursive, true, HP_MOUNT_BIND},
	{"volume-nocopy", read_nocopy, true, HP_MOUNT_VOLUME},
	{"volume-driver", read_driver, false, HP_MOUNT_VOLUME},
	{"tmpfs-size", read_tmpfs_size, false, HP_MOUNT_TMPFS},
	{"tmpfs-mode", read_tmpfs_mode, false, HP_MOUNT_TMPFS},
};

static int read_field(struct fields *f, char *text, struct hp_error *err)
{
	char *value = text;
	const char *key = strsep(&value, "=");

	for (size_t i = 0; i < HP_ARRAY_LEN(table); i++) {
		const struct field *row = &table[i];

		if (!hp_str_eq(row->key, key))
			continue;
		if (!value && !row->value_optional)
			return hp_fail(err, HP_EINVALID, "'%s' needs a value", key);
		if (row->only >= 0) {
			f->bound_by = row->key;
			f->bound_to = (enum hp_mount_type)row->only;
		}
		return row->read(f, value ? value : "true", err);
	}
	return hp_fail(err, HP_EINVALID, "unknown key '%.64s'", key);
}

/* Take one field off the front of @text, up to a comma or the end. */
static int take_field(const char **text, struct hp_strv *ret, struct hp_error *err)
{
	const char *at = *text;
	AUTO_FREE char *field = hp_alloc(strlen(at) + 1);
	size_t len = 0;
	bool quoted = *at == '"';

	at += quoted;
	while (*at && (quoted || *at != ',')) {
		/* A quote ends the field; two of them are one. */
		if (quoted && *at == '"' && *++at != '"') {
			quoted = false;
			break;
		}
		field[len++] = *at++;
	}
	if (quoted || (*at && *at != ','))
		return hp_fail(err, HP_EINVALID, "a quote is not closed");
	hp_strv_take(ret, TAKE(field));
	*text = at;
	return 0;
}

/* Cut the text at its commas, except in "quoted" fields.
 * From: RFC 4180 section 2, which docker's CLI follows. */
static int split_fields(const char *text, struct hp_strv *ret, struct hp_error *err)
{
	while (ret->count < MAX_FIELDS) {
		if (take_field(&text, ret, err) < 0)
			return -1;
		if (!*text)
			return 0;
		text++;
	}
	return hp_fail(err, HP_EINVALID, "over %d fields", MAX_FIELDS);
}

/* What only shows when all fields are read. */
static int finish(struct fields *f, struct hp_error *err)
{
	struct hp_mount *m = &f->mount;
	enum hp_mount_type type = f->has_type ? m->type : HP_MOUNT_VOLUME;

	if (!m->target)
		return hp_fail(err, HP_EINVALID, "no target");
	if (f->bound_by && f->bound_to != type)
		return hp_fail(err, HP_EINVALID, "'%s' is for another type of mount",
			       f->bound_by);
	if (type == HP_MOUNT_BIND && hp_str_empty(f->source))
		return hp_fail(err, HP_EINVALID, "a bind needs a source");
	if (type == HP_MOUNT_TMPFS && f->source)
		return hp_fail(err, HP_EINVALID, "a tmpfs has no source");
	if (!hp_str_empty(f->source) && hp_spec__set_source(m, f->source, err) < 0)
		return -1;
	if (!m->source)
		m->source = hp_strdup("");
	else if (m->type != type)
		return hp_fail(err, HP_EINVALID,
			       "source '%.200s': a bind takes a path, a volume takes a name",
			       f->source);
	m->type = type;
	hp_spec__take_options(m, &f->options);
	return 0;
}

static int read_fields(const struct hp_strv *list, struct fields *f, struct hp_error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (read_field(f, list->items[i], err) < 0)
			return -1;
	return finish(f, err);
}

int hp_mount_parse(const char *text, struct hp_mount *ret_mount, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv list = {0};
	struct fields f = {0};
	int result = split_fields(text, &list, err);

	if (result == 0)
		result = read_fields(&list, &f, err);
	hp_strv_free(&f.options);
	if (result < 0) {
		hp_mount_clear(&f.mount);
		return hp_wrap(err, "mount '%.200s': expected type=TYPE,source=S,target=T,...",
			       text);
	}
	*ret_mount = f.mount;
	return 0;
}
