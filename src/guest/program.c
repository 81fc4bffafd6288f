/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - owns the search for programs and the making of environments. */
#include "guest/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/path.h"
#include "wire/passwd.h"

#define PASSWD_BYTES_MAX (1024 * 1024)

const char *hp_guest_errno_text(int sys)
{
	switch (sys) {
	case ENOENT:
		return "no such file or directory";
	case EACCES:
		return "permission denied";
	case EPERM:
		return "operation not permitted";
	case EISDIR:
		return "is a directory";
	case ENOTDIR:
		return "not a directory";
	case ENOEXEC:
		return "exec format error";
	case E2BIG:
		return "argument list too long";
	case ELOOP:
		return "too many levels of symbolic links";
	default:
		return strerror(sys);
	}
}

/* Returns: 0, or why @path is no program for this process. From: Go's exec.LookPath. */
static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static const char *get(const char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

int hp_guest_program_find(const char *name, const char *const *env, char **ret_path,
			  struct hp_error *err)
{
	const char *at = get(env, "PATH");

	if (strchr(name, '/')) {
		int sys = check(name);

		if (sys) {
			/* A directory is no program: 126 to docker, like what has no x bit. */
			hp_fail(err, sys == EISDIR ? HP_EDENIED : hp_code_from_errno(sys),
				"exec: \"%s\": %s", name, hp_guest_errno_text(sys));
			err->sys = sys;
			return -1;
		}
		*ret_path = hp_strdup(name);
		return 0;
	}
	while (at && *at && *name) {
		size_t len = strcspn(at, ":");
		AUTO_FREE char *dir = len ? hp_strndup(at, len) : hp_strdup(".");
		AUTO_FREE char *path = hp_path_join(dir, name);

		if (check(path) == 0) {
			*ret_path = TAKE(path);
			return 0;
		}
		at += len + (at[len] == ':');
	}
	hp_fail(err, HP_ENOTFOUND, "exec: \"%s\": executable file not found in $PATH", name);
	err->sys = ENOENT;
	return -1;
}

/* Is a later entry of @p for the same name as its entry @i? */
static bool overridden(const Hp__Guest__Process *p, size_t i)
{
	size_t len = strcspn(p->env[i], "=");

	for (size_t later = i + 1; later < p->n_env; later++)
		if (strncmp(p->env[later], p->env[i], len) == 0 &&
		    strcspn(p->env[later], "=") == len)
			return true;
	return false;
}

/* The home of user @uid. Owns: the caller. What cannot be read is as good as empty. */
static char *find_home(uint32_t uid)
{
	AUTO_FREE char *user = hp_sprintf("%u", uid);
	AUTO(hp_buf_free) struct hp_buf passwd = {0};
	AUTO(hp_user_clear) struct hp_user found = {0};
	struct hp_error ignored = HP_ERROR_INIT;

	if (hp_file_read("/etc/passwd", PASSWD_BYTES_MAX, &passwd, &ignored) < 0)
		return hp_strdup("/");
	if (hp_user_resolve(user, hp_buf_bytes(&passwd), HP_BYTES(NULL, 0), NULL, &found,
			    &ignored) < 0)
		return hp_strdup("/");
	return TAKE(found.home);
}

void hp_guest_program_env(const Hp__Guest__Process *p, struct hp_strv *ret)
{
	for (size_t i = 0; i < p->n_env; i++)
		if (!overridden(p, i) && !hp_str_eq(p->env[i], "HOME="))
			hp_strv_add(ret, p->env[i]);
	if (!get(hp_strv_view(ret), "HOME")) {
		AUTO_FREE char *found = find_home(p->uid);

		hp_strv_addf(ret, "HOME=%s", found);
	}
}
