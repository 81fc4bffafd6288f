/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */

static const int fixed = 1;
static int count = 0;

int hp_x_get(void)
{
	return fixed + count++;
}
