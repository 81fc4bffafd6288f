/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h - "--filter KEY=VALUE": one key given twice means either value, two keys mean both. */
#pragma once
#include <stdbool.h>

#include <harpoon/harpoon.h>

#include "base/error.h"
#include "base/str.h"

/* Refuse filters without '=' and keys that are not among @keys ("id|name"). */
int hp_filter_check(const struct hp_strv *filters, const char *keys,
		    struct hp_error *err) MUST_CHECK;

/* Does one of the filters for @key, or none of that key, fit? @fits is called with each value. */
bool hp_filter_any(const struct hp_strv *filters, const char *key,
		   bool (*fits)(const void *item, const char *value), const void *item);

/* Do all filters "label=KEY" and "label=KEY=VALUE" fit? */
bool hp_filter_labels(const struct hp_strv *filters, const struct hp_labels *labels);
