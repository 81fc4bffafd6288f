/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - owns the taking apart and putting together of file names. */
#include "base/path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

/* The length of @path without its trailing slashes; "/" stays. */
static size_t trimmed_len(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

char *hp_path_join(const char *a, const char *b)
{
	size_t len = strlen(a);

	if (len == 0)
		return hp_strdup(b);
	while (len > 0 && a[len - 1] == '/')
		len--;
	b += strspn(b, "/");
	if (*b == '\0')
		return hp_strndup(a, len ? len : 1);
	return hp_sprintf("%.*s/%s", (int)len, a, b);
}

char *hp_path_dir(const char *path)
{
	size_t len = trimmed_len(path);

	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len == 0)
		return hp_strdup(".");
	while (len > 1 && path[len - 1] == '/')
		len--;
	return hp_strndup(path, len);
}

const char *hp_path_base(const char *path)
{
	size_t len = trimmed_len(path);

	if (len == 1)
		return path;
	while (len > 0 && path[len - 1] != '/')
		len--;
	return path + len;
}

char *hp_path_clean(const char *path)
{
	char *clean = hp_alloc(strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && clean[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			clean[len++] = '/';
			memcpy(clean + len, path, n);
			len += n;
		}
		path += n;
		path += strspn(path, "/");
	}
	if (len == 0)
		clean[len++] = '/';
	clean[len] = '\0';
	return clean;
}

int hp_path_absolute(const char *path, char **ret_path, struct hp_error *err)
{
	AUTO_FREE char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	if (path[0] != '/' && !here)
		return hp_fail_errno(err, errno, "find the working directory for '%s'", path);
	AUTO_FREE char *joined = here ? hp_path_join(here, path) : hp_strdup(path);

	*ret_path = hp_path_clean(joined);
	return 0;
}
