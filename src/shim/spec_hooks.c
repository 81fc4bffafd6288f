/* SPDX-License-Identifier: Apache-2.0 */
/* spec_hooks.c - owns "hooks". From: OCI runtime-spec config.md, "POSIX-platform Hooks". */
#include "shim/spec_parts.h"

#define WHERE     "hooks"
#define HOOKS_MAX 128

static const char *const kinds[] = {
	[HP_SHIM_HOOK_PRESTART] = "prestart",
	[HP_SHIM_HOOK_CREATE_RUNTIME] = "createRuntime",
	[HP_SHIM_HOOK_POSTSTART] = "poststart",
	[HP_SHIM_HOOK_POSTSTOP] = "poststop",
};

static int read_hook(const struct hp_shim__reader *r, const struct hp_json *v,
		     struct hp_shim_hook *h, struct hp_error *err)
{
	char *path = NULL;
	char **args = NULL;
	char **env = hp_shim__arena_array(r->arena, 1, sizeof(*env));
	size_t n_args = 0;
	size_t n_env = 0;
	int64_t timeout = INT64_MIN;

	if (hp_shim__read_path(r, HP_SHIM_FIELD(v, WHERE, "path"), &path, err) < 0 ||
	    hp_shim__read_strs(r, HP_SHIM_FIELD(v, WHERE, "args"), &args, &n_args, err) < 0 ||
	    hp_shim__read_strs(r, HP_SHIM_FIELD(v, WHERE, "env"), &env, &n_env, err) < 0 ||
	    hp_shim__read_i64(HP_SHIM_FIELD(v, WHERE, "timeout"), &timeout, err) < 0)
		return -1;
	if (!path)
		return hp_fail(err, HP_EINVALID, WHERE ": an entry has no path");
	if (timeout != INT64_MIN && (timeout <= 0 || timeout > INT32_MAX))
		return hp_fail(err, HP_EINVALID, WHERE ".timeout: %lld is no time",
			       (long long)timeout);
	if (n_args == 0) {
		args = hp_shim__arena_array(r->arena, 2, sizeof(*args));
		args[0] = path;
	}
	h->path = path;
	h->args = (const char *const *)args;
	h->env = (const char *const *)env;
	h->timeout_ms = timeout == INT64_MIN ? 0 : timeout * 1000;
	return 0;
}

static int read_kind(const struct hp_shim__reader *r, const struct hp_json *v,
		     enum hp_shim_hook_kind kind, struct hp_shim__hooks *ret,
		     struct hp_error *err)
{
	const struct hp_json *list = NULL;
	size_t n;

	if (hp_shim__read_array(HP_SHIM_FIELD(v, WHERE, kinds[kind]), &list, err) < 0)
		return -1;
	n = hp_json_count(list);
	if (n > HOOKS_MAX)
		return hp_fail(err, HP_EINVALID, WHERE ".%s: more than %d", kinds[kind],
			       HOOKS_MAX);
	ret->hooks[kind] = hp_shim__arena_array(r->arena, n, sizeof(**ret->hooks));
	ret->n[kind] = n;
	for (size_t i = 0; i < n; i++)
		if (read_hook(r, hp_json_at(list, i), &ret->hooks[kind][i], err) < 0)
			return hp_wrap(err, "%s", kinds[kind]);
	return 0;
}

int hp_shim__spec_hooks(const struct hp_shim__reader *r, const struct hp_json *config,
			struct hp_shim__hooks *ret, struct hp_error *err)
{
	static const char *const inside[] = {"createContainer", "startContainer"};
	const struct hp_json *hooks = NULL;
	struct hp_shim__hooks all = {0};

	if (hp_shim__read_object(HP_SHIM_FIELD(config, "config.json", WHERE), &hooks, err) < 0)
		return -1;
	for (int kind = 0; kind < HP_SHIM_HOOK_KINDS; kind++)
		if (read_kind(r, hooks, (enum hp_shim_hook_kind)kind, &all, err) < 0)
			return -1;
	/* They would have to run on the host in namespaces that are the guest's. */
	for (size_t i = 0; i < HP_ARRAY_LEN(inside); i++)
		if (hp_json_count(hp_json_get(hooks, inside[i])) > 0)
			hp_shim__warn(r, WHERE ".%s are not run", inside[i]);
	*ret = all;
	return 0;
}
