/* SPDX-License-Identifier: Apache-2.0 */
/* labels.h - build the key and value pairs of <harpoon/container.h>, and single string fields. */
#pragma once
#include <harpoon/container.h>

#include "base/cleanup.h"

/* Append a copy; a key that is there already gets the new value. */
void hp_labels_add(struct hp_labels *labels, const char *key, const char *value);
void hp_labels_copy(struct hp_labels *to,
		    const struct hp_labels *from); /* @to is empty before */
/* In the order of their keys, byte by byte: what comes in no order is the same each time. */
void hp_labels_sort(struct hp_labels *labels);
HP_AUTO_VALUE(struct hp_labels, hp_labels_clear);

/* Replace the string *@field, freeing the old one; NULL reads as "". */
void hp_field_set(char **field, const char *value);
