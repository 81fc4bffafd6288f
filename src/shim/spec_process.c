/* SPDX-License-Identifier: Apache-2.0 */
/* spec_process.c - owns "process" of a configuration, which exec sends alone.
 * From: OCI runtime-spec config.md, "Process". */
#include <ctype.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "shim/spec_parts.h"
#include "wire/oci_spec.h"

#define WHERE    "process"
#define CAPS_MAX 64
#define GIDS_MAX 65536 /* NGROUPS_MAX */
#define RLIMIT_ROW(name)                                                                       \
	{                                                                                      \
#name, name                                                                    \
	}

/* From: getrlimit(2). */
static const struct {
	const char *name;
	uint32_t resource;
} rlimits[] = {
	RLIMIT_ROW(RLIMIT_AS),      RLIMIT_ROW(RLIMIT_CORE),     RLIMIT_ROW(RLIMIT_CPU),
	RLIMIT_ROW(RLIMIT_DATA),    RLIMIT_ROW(RLIMIT_FSIZE),    RLIMIT_ROW(RLIMIT_LOCKS),
	RLIMIT_ROW(RLIMIT_MEMLOCK), RLIMIT_ROW(RLIMIT_MSGQUEUE), RLIMIT_ROW(RLIMIT_NICE),
	RLIMIT_ROW(RLIMIT_NOFILE),  RLIMIT_ROW(RLIMIT_NPROC),    RLIMIT_ROW(RLIMIT_RSS),
	RLIMIT_ROW(RLIMIT_RTPRIO),  RLIMIT_ROW(RLIMIT_RTTIME),   RLIMIT_ROW(RLIMIT_SIGPENDING),
	RLIMIT_ROW(RLIMIT_STACK),
};

/* The number of capability "CAP_X". Returns: CAPS_MAX when there is none of that name. */
static unsigned cap_number(const char *name)
{
	unsigned n = 0;

	while (n < CAPS_MAX && hp_oci_cap_name(n) && strcmp(hp_oci_cap_name(n), name) != 0)
		n++;
	return n < CAPS_MAX && hp_oci_cap_name(n) ? n : CAPS_MAX;
}

static int read_caps(const struct hp_shim__reader *r, const struct hp_json *v, const char *key,
		     uint64_t *ret, struct hp_error *err)
{
	char **names = NULL;
	size_t n = 0;

	if (hp_shim__read_strs(r, HP_SHIM_FIELD(v, WHERE ".capabilities", key), &names, &n,
			       err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		unsigned number = cap_number(names[i]);

		/* As runc: a newer caller may know more than we do. */
		if (number == CAPS_MAX)
			hp_shim__warn(r, WHERE ".capabilities.%s: unknown '%.64s' is ignored",
				      key, names[i]);
		else
			*ret |= (uint64_t)1 << number;
	}
	return 0;
}

static int read_capabilities(const struct hp_shim__reader *r, const struct hp_json *v,
			     Hp__Guest__Process *p, struct hp_error *err)
{
	const struct hp_json *sets = NULL;
	Hp__Guest__Capabilities *c;

	if (hp_shim__read_object(HP_SHIM_FIELD(v, WHERE, "capabilities"), &sets, err) < 0)
		return -1;
	if (!sets)
		return 0;
	c = hp_shim__arena_alloc(r->arena, sizeof(*c));
	hp__guest__capabilities__init(c);
	if (read_caps(r, sets, "bounding", &c->bounding, err) < 0 ||
	    read_caps(r, sets, "effective", &c->effective, err) < 0 ||
	    read_caps(r, sets, "inheritable", &c->inheritable, err) < 0 ||
	    read_caps(r, sets, "permitted", &c->permitted, err) < 0 ||
	    read_caps(r, sets, "ambient", &c->ambient, err) < 0)
		return -1;
	p->capabilities = c;
	return 0;
}

static int read_gids(const struct hp_shim__reader *r, const struct hp_json *user,
		     Hp__Guest__Process *p, struct hp_error *err)
{
	const struct hp_json *list = NULL;
	size_t n;

	if (hp_shim__read_array(HP_SHIM_FIELD(user, WHERE ".user", "additionalGids"), &list,
				err) < 0)
		return -1;
	n = hp_json_count(list);
	if (n > GIDS_MAX)
		return hp_fail(err, HP_EINVALID, WHERE ".user.additionalGids: more than %d",
			       GIDS_MAX);
	p->additional_gids = hp_shim__arena_array(r->arena, n, sizeof(*p->additional_gids));
	p->n_additional_gids = n;
	for (size_t i = 0; i < n; i++) {
		uint64_t gid = hp_json_u64(hp_json_at(list, i), UINT64_MAX);

		if (gid > UINT32_MAX)
			return hp_fail(err, HP_EINVALID,
				       WHERE ".user.additionalGids[%zu]: no group id", i);
		p->additional_gids[i] = (uint32_t)gid;
	}
	return 0;
}

static int read_user(const struct hp_shim__reader *r, const struct hp_json *v,
		     Hp__Guest__Process *p, struct hp_error *err)
{
	const struct hp_json *user = NULL;
	uint32_t umask = UINT32_MAX;

	if (hp_shim__read_object(HP_SHIM_FIELD(v, WHERE, "user"), &user, err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(user, WHERE ".user", "uid"), &p->uid, err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(user, WHERE ".user", "gid"), &p->gid, err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(user, WHERE ".user", "umask"), &umask, err) < 0)
		return -1;
	if (umask != UINT32_MAX && umask > 0777)
		return hp_fail(err, HP_EINVALID,
			       WHERE ".user.umask: more than permission bits");
	if (umask != UINT32_MAX)
		p->umask = hp_shim__int(r, umask);
	return read_gids(r, user, p, err);
}

static int read_rlimit(const struct hp_shim__reader *r, const struct hp_json *v,
		       Hp__Guest__Rlimit *limit, struct hp_error *err)
{
	char *type = NULL;
	size_t i = 0;

	if (hp_shim__read_str(r, HP_SHIM_FIELD(v, WHERE ".rlimits", "type"), &type, err) < 0 ||
	    hp_shim__read_u64(HP_SHIM_FIELD(v, WHERE ".rlimits", "soft"), &limit->soft, err) <
		    0 ||
	    hp_shim__read_u64(HP_SHIM_FIELD(v, WHERE ".rlimits", "hard"), &limit->hard, err) <
		    0)
		return -1;
	while (i < HP_ARRAY_LEN(rlimits) && !hp_str_eq(rlimits[i].name, type))
		i++;
	if (i == HP_ARRAY_LEN(rlimits))
		return hp_fail(err, HP_EINVALID, WHERE ".rlimits: unknown type '%.64s'",
			       type ? type : "");
	if (limit->soft > limit->hard)
		return hp_fail(err, HP_EINVALID,
			       WHERE ".rlimits: %s: the soft limit is over the hard limit",
			       type);
	limit->resource = rlimits[i].resource;
	return 0;
}

static int read_rlimits(const struct hp_shim__reader *r, const struct hp_json *v,
			Hp__Guest__Process *p, struct hp_error *err)
{
	const struct hp_json *list = NULL;
	size_t n;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, WHERE, "rlimits"), &list, err) < 0)
		return -1;
	n = hp_json_count(list);
	p->rlimits = hp_shim__arena_array(r->arena, n, sizeof(*p->rlimits));
	for (size_t i = 0; i < n; i++) {
		p->rlimits[i] = hp_shim__arena_alloc(r->arena, sizeof(**p->rlimits));
		hp__guest__rlimit__init(p->rlimits[i]);
		if (read_rlimit(r, hp_json_at(list, i), p->rlimits[i], err) < 0)
			return -1;
	}
	p->n_rlimits = n;
	return 0;
}

static int read_terminal(const struct hp_json *v, Hp__Guest__Process *p, struct hp_error *err)
{
	const struct hp_json *size = NULL;
	bool terminal = false;

	if (hp_shim__read_bool(HP_SHIM_FIELD(v, WHERE, "terminal"), &terminal, err) < 0 ||
	    hp_shim__read_object(HP_SHIM_FIELD(v, WHERE, "consoleSize"), &size, err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(size, WHERE ".consoleSize", "width"), &p->width,
			      err) < 0 ||
	    hp_shim__read_u32(HP_SHIM_FIELD(size, WHERE ".consoleSize", "height"), &p->height,
			      err) < 0)
		return -1;
	p->terminal = terminal;
	return 0;
}

static int read_oom_score(const struct hp_shim__reader *r, const struct hp_json *v,
			  Hp__Guest__Process *p, struct hp_error *err)
{
	int64_t score = INT64_MIN;

	if (hp_shim__read_i64(HP_SHIM_FIELD(v, WHERE, "oomScoreAdj"), &score, err) < 0)
		return -1;
	if (score == INT64_MIN)
		return 0;
	if (score < -1000 || score > 1000)
		return hp_fail(err, HP_EINVALID,
			       WHERE ".oomScoreAdj: %lld is not from -1000 to 1000",
			       (long long)score);
	p->oom_score_adj = hp_shim__int(r, score);
	return 0;
}

/* What has no place in a machine of its own, where no profiles of the host are loaded. */
static void warn_ignored(const struct hp_shim__reader *r, const struct hp_json *v)
{
	static const char *const ignored[] = {"apparmorProfile", "selinuxLabel", "scheduler",
					      "ioPriority", "execCPUAffinity"};

	for (size_t i = 0; i < HP_ARRAY_LEN(ignored); i++) {
		const struct hp_json *field = hp_json_get(v, ignored[i]);
		const char *text = hp_json_str(field);

		if (hp_json_is_null(field) ||
		    (text && (*text == '\0' || strcmp(text, "unconfined") == 0)))
			continue;
		hp_shim__warn(r, WHERE ".%s is ignored: a machine has none", ignored[i]);
	}
}

static int check_env(char **env, size_t n, struct hp_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (*env[i] == '=' || !strchr(env[i], '='))
			return hp_fail(err, HP_EINVALID, WHERE ".env: '%.64s' is no NAME=VALUE",
				       env[i]);
	return 0;
}

static int read_process(const struct hp_shim__reader *r, const struct hp_json *v,
			Hp__Guest__Process *p, struct hp_error *err)
{
	bool no_new_privileges = false;

	if (hp_shim__read_strs(r, HP_SHIM_FIELD(v, WHERE, "args"), &p->args, &p->n_args, err) <
		    0 ||
	    hp_shim__read_strs(r, HP_SHIM_FIELD(v, WHERE, "env"), &p->env, &p->n_env, err) <
		    0 ||
	    hp_shim__read_path(r, HP_SHIM_FIELD(v, WHERE, "cwd"), &p->cwd, err) < 0 ||
	    hp_shim__read_bool(HP_SHIM_FIELD(v, WHERE, "noNewPrivileges"), &no_new_privileges,
			       err) < 0)
		return -1;
	p->no_new_privileges = no_new_privileges;
	if (p->n_args == 0)
		return hp_fail(err, HP_EINVALID, WHERE ".args: there is no command");
	if (*p->cwd == '\0')
		return hp_fail(err, HP_EINVALID, WHERE ".cwd: there is none");
	if (check_env(p->env, p->n_env, err) < 0 || read_user(r, v, p, err) < 0 ||
	    read_capabilities(r, v, p, err) < 0 || read_rlimits(r, v, p, err) < 0 ||
	    read_oom_score(r, v, p, err) < 0 || read_terminal(v, p, err) < 0)
		return -1;
	warn_ignored(r, v);
	return 0;
}

int hp_shim__spec_process(const struct hp_shim__reader *r, const struct hp_json *v,
			  Hp__Guest__Process **ret, struct hp_error *err)
{
	Hp__Guest__Process *p = hp_shim__arena_alloc(r->arena, sizeof(*p));

	hp__guest__process__init(p);
	if (!hp_json_is_object(v))
		return hp_fail(err, HP_EINVALID, WHERE ": must be an object");
	if (read_process(r, v, p, err) < 0)
		return -1;
	*ret = p;
	return 0;
}
