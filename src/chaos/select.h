/* SPDX-License-Identifier: Apache-2.0 */
/* select.h - which containers of a list an action hits. */
#pragma once
#include "chaos/action.h"
#include "chaos/plan.h"

/* Choices by chance that can be made again: a generator of its own, with a seed.
 * From: Steele, Lea, Flood: Fast splittable pseudorandom number generators (SplitMix64). */
struct hp_chance {
	uint64_t state;
};
uint64_t hp_chance_next(struct hp_chance *c);
/* A number from 0 to @bound - 1; 0 for @bound 0. */
uint64_t hp_chance_below(struct hp_chance *c, uint64_t bound);

/* A pattern, compiled. */
struct hp_pattern;
/* Fails: HP_EINVALID - it is none, with the place. */
int hp_pattern_new(const char *text, struct hp_pattern **ret, struct hp_error *err) MUST_CHECK;
void hp_pattern_free(struct hp_pattern *p); /* NULL is fine */
HP_AUTO_PTR(struct hp_pattern, hp_pattern_free);
/* Does it match somewhere in @text? A match that costs too much is none. */
bool hp_pattern_fits(const struct hp_pattern *p, const char *text);

/* All containers of @list that the selector means, before limit and random: in the order of their
 * names, so that a seed chooses the same whatever order the engine tells them in. Containers that
 * are Pumba's or marked to be skipped are never among them; those that do not run only with
 * @stopped_too. Returns: a vector of pointers borrowed from @list; Owns: the caller, free(3). */
const struct hp_container **hp_select_all(const struct hp_selector *s,
					  const struct hp_container_list *list,
					  bool stopped_too, size_t *ret_count);
/* Leave those of @items that limit and random choose, in front. Returns: how many. */
size_t hp_select_some(const struct hp_selector *s, const struct hp_container **items,
		      size_t count, struct hp_chance *chance);
