/* SPDX-License-Identifier: Apache-2.0 */
/* sidecar.h - a helper container beside the target, in its network namespace: the way to containers
 * of another host, and for whoever names an image for it. */
#pragma once
#include "chaos/action.h"

/* What every tool for networks is in, when an engine is remote and no image is named.
 * From: Pumba's --iptables-image. */
#define HP_SIDECAR_NET_IMAGE "ghcr.io/alexei-led/pumba-alpine-nettools:latest"

/* Is one wanted for @f: an image is named in args ("image"), or no process of the target is here?
 * Returns: the image, borrowed; NULL for none. */
const char *hp_sidecar_image(const struct hp_fault *f, const char *otherwise);

struct hp_sidecar {
	const char *image;
	bool pull;
	/* Commands, one a line, split at blanks; they run one after the other. */
	const struct hp_strv *steps;
	/* Before each "-D" of a step the same with "-C" is asked, and the step left out when that
	 * fails: to take away what may not be there. */
	bool checked;
};
/* Start one, run the steps, and remove it. Its name is made of the fault's id, so that undo can find
 * one that was left. Fails: with the words of the step that failed; HP_ENOTFOUND, HP_ESTATE - the
 * target has gone. */
int hp_sidecar_run(struct hp_fault *f, const struct hp_sidecar *s,
		   struct hp_error *err) MUST_CHECK;
/* Remove one that was left by a guard that was killed. */
int hp_sidecar_sweep(struct hp_fault *f, struct hp_error *err) MUST_CHECK;
