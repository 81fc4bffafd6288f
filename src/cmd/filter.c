/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - choose among containers, images and events by the filters of a command line. */
#include "cmd/filter.h"

#include <string.h>

#include "base/alloc.h"

/* The value of @filter when its key is @key, else NULL. */
static const char *value_for(const char *filter, const char *key)
{
	size_t len = strlen(key);

	return strncmp(filter, key, len) == 0 && filter[len] == '=' ? filter + len + 1 : NULL;
}

int hp_filter_check(const struct hp_strv *filters, const char *keys, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv known = {0};

	hp_strv_split(&known, keys, '|');
	for (size_t i = 0; i < filters->count; i++) {
		const char *filter = filters->items[i];
		AUTO_FREE char *key = hp_strndup(filter, strcspn(filter, "="));
		if (!strchr(filter, '='))
			return hp_fail(err, HP_EUSAGE, "--filter '%s' is not KEY=VALUE",
				       filter);
		if (!hp_strv_has(&known, key))
			return hp_fail(err, HP_EUSAGE, "--filter '%s': the keys are %s", filter,
				       keys);
	}
	return 0;
}

bool hp_filter_any(const struct hp_strv *filters, const char *key,
		   bool (*fits)(const void *item, const char *value), const void *item)
{
	bool asked = false;

	for (size_t i = 0; i < filters->count; i++) {
		const char *value = value_for(filters->items[i], key);
		if (value && fits(item, value))
			return true;
		asked = asked || value;
	}
	return !asked;
}

bool hp_filter_labels(const struct hp_strv *filters, const struct hp_labels *labels)
{
	for (size_t i = 0; i < filters->count; i++) {
		const char *wanted = value_for(filters->items[i], "label");
		if (!wanted)
			continue;
		size_t len = strcspn(wanted, "=");
		AUTO_FREE char *key = hp_strndup(wanted, len);
		const char *value = hp_labels_get(labels, key);
		if (!value || (wanted[len] == '=' && !hp_str_eq(value, wanted + len + 1)))
			return false;
	}
	return true;
}
