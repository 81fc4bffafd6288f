/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs_overlay.c - owns overlays of more layers than mount(2) takes the names of. */
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "shim/rootfs_parts.h"

#define LOWER "lowerdir="

/* How much all of @dirs begin with, up to and with a slash. */
static size_t common_length(const struct hp_strv *dirs)
{
	size_t len = strlen(dirs->items[0]);

	for (size_t i = 1; i < dirs->count; i++) {
		size_t at = 0;

		while (at < len && dirs->items[i][at] == dirs->items[0][at])
			at++;
		len = at;
	}
	while (len > 0 && dirs->items[0][len - 1] != '/')
		len--;
	return len;
}

static char *shorten_lower(const char *list, char **ret_dir)
{
	AUTO(hp_strv_free) struct hp_strv dirs = {0};
	AUTO(hp_strv_free) struct hp_strv out = {0};
	size_t len;

	hp_strv_split(&dirs, list, ':');
	if (dirs.count == 0)
		return NULL;
	len = common_length(&dirs);
	/* A directory that is the shared one itself would be left without a name. */
	for (size_t i = 0; i < dirs.count; i++)
		if (len <= 1 || dirs.items[i][len] == '\0')
			return NULL;
	for (size_t i = 0; i < dirs.count; i++)
		hp_strv_add(&out, dirs.items[i] + len);
	*ret_dir = hp_strndup(dirs.items[0], len);
	return hp_strv_join(hp_strv_view(&out), ":");
}

void hp_shim__overlay_shorten(const char *data, size_t max, char **ret_data, char **ret_dir)
{
	const char *lower = strstr(data, LOWER);
	AUTO_FREE char *list = NULL;
	AUTO_FREE char *shorter = NULL;
	const char *rest;

	/* A backslash may hide a colon, which is then no end of a name. */
	if (strlen(data) <= max || !lower || strchr(data, '\\'))
		return;
	lower += strlen(LOWER);
	rest = lower + strcspn(lower, ",");
	list = hp_strndup(lower, (size_t)(rest - lower));
	shorter = shorten_lower(list, ret_dir);
	if (shorter)
		*ret_data = hp_sprintf("%.*s%s%s", (int)(lower - data), data, shorter, rest);
}
