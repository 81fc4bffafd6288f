/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */

static const char *const fixed = "a";
static const char *name = "b";

const char *hp_x_get(int a)
{
	return a ? fixed : name;
}
