/* SPDX-License-Identifier: Apache-2.0 */
/* pull_missing.h - the images of run and create come by themselves: --pull. */
#pragma once
#include <harpoon/harpoon.h>

#include "base/cleanup.h"

/* The words of --pull. Without it, an image whose name begins with a registry's address is pulled
 * when it is missing; "busybox" alone is not looked for on the network unless "missing" is said. */
#define HP_PULL_WORDS "missing|always|never"

/* Before a container is made from @image: pull it when @word is "always". */
int hp_pull_always(struct hp_engine *engine, const char *word, const char *image,
		   struct hp_error *err) MUST_CHECK;
/* Making a container from @image has failed with @err; pull the image when that is why and @word
 * (NULL: not given) allows it.
 * Returns: 1 it is there now and @err is empty; 0 @err stands; -1 @err says why it did not come. */
int hp_pull_missing(struct hp_engine *engine, const char *word, const char *image,
		    struct hp_error *err) MUST_CHECK;
